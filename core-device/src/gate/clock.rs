//! The device's clocks. Lives of grants run on the boot clock, which counts while the machine sleeps and
//! which nobody can set; wall and local time are only for people and for the hours in alert rules.

use assent_consent::{BootTime, MinuteOfDay, Now, WallTime};
use rustix::time::{ClockId, clock_gettime};

#[must_use]
pub fn boot_now() -> BootTime {
    BootTime(millis(ClockId::Boottime).unsigned_abs())
}

#[must_use]
pub fn wall_now() -> WallTime {
    WallTime(millis(ClockId::Realtime))
}

/// The boot clock, and the local day and minute at the premises.
pub(super) fn now() -> Now {
    let local = jiff::Zoned::now();
    let minute =
        u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
    let day = u32::from(local.year().unsigned_abs()) * 366
        + u32::from(local.day_of_year().unsigned_abs());
    Now {
        boot: boot_now(),
        local_day: day,
        local_minute: MinuteOfDay::new(minute).unwrap_or_default(),
    }
}

fn millis(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec
        .saturating_mul(1000)
        .saturating_add(time.tv_nsec / 1_000_000)
}
