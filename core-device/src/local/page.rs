//! The page itself: one screen of HTML that works on any phone, without scripts. It renews itself every
//! few seconds; nothing on it is decided here.

use std::fmt::Write;

use super::owner;
use super::report::{CameraReport, Report, ShareReport};

/// Short enough to trust what it says, long enough to press a button in between.
const RENEWS_EVERY_SECS: u32 = 5;

pub(super) fn render(report: &Report) -> String {
    let shared: Vec<_> = report
        .cameras
        .iter()
        .filter(|camera| camera.shared)
        .collect();
    let mut page = String::with_capacity(8 * 1024);
    open(
        &mut page,
        &report.premises,
        &format!("<meta http-equiv=refresh content={RENEWS_EVERY_SECS}>"),
    );
    owner::ask(&mut page, report.owner.waits());
    state(&mut page, report, &shared);
    stop(&mut page, report);
    shares(&mut page, &report.shares);
    cameras(&mut page, &report.cameras);
    page.push_str("<p><a class=plain href=/button>Press for help</a></p>");
    if !report.owner.paired {
        page.push_str("<p><a class=plain href=/pair>Pair the owner's phone</a></p>");
    }
    footer(&mut page, report);
    page.push_str("</main></body></html>\n");
    page
}

pub(super) fn open(page: &mut String, premises: &str, more: &str) {
    let premises = text(premises);
    let _ = write!(
        page,
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">{more}\
         <title>{premises} · Assent</title><link rel=stylesheet href=/style.css></head><body><main>\
         <header><p class=brand>Assent CORE</p><h1>{premises}</h1></header>"
    );
}

fn state(page: &mut String, report: &Report, shared: &[&CameraReport]) {
    if shared.is_empty() {
        page.push_str(
            // True whether there was a silent press or not, and the same in both cases.
            "<section class=\"state quiet\"><h2>No share to show</h2>\
             <p>A silent press is never shown on this page. STOP ends that too.</p></section>",
        );
    } else {
        let names: Vec<_> = shared.iter().map(|camera| text(&camera.name)).collect();
        // Nobody is told that somebody sees them while nobody can.
        let (title, more) = if report.hub.attached {
            ("Shared now", "")
        } else {
            (
                "Open, but the hub is out of reach",
                "Nobody may be seeing this. ",
            )
        };
        let _ = write!(
            page,
            "<section class=\"state live\"><h2>{title}</h2><p>{more}{}</p></section>",
            names.join(", ")
        );
    }
    if !report.storage_fine {
        page.push_str(
            "<p class=note>This device cannot write its receipts: only a press at the premises opens \
             anything until its disk is repaired.</p>",
        );
    }
}

fn stop(page: &mut String, report: &Report) {
    page.push_str("<form method=post action=/stop><button class=stop>STOP sharing</button></form>");
    if report.paused {
        page.push_str(
            "<p class=note>Standing shares are stopped until you let them run again.</p>\
             <form method=post action=/resume><button class=plain>Let standing shares run again</button></form>",
        );
    }
}

fn shares(page: &mut String, shares: &[ShareReport]) {
    if shares.is_empty() {
        return;
    }
    page.push_str("<section><h2>Shares</h2><ul>");
    for share in shares {
        let names: Vec<_> = share.camera_names.iter().map(|name| text(name)).collect();
        let _ = write!(
            page,
            "<li><b>{}{}, {} left</b><span>{}</span><small>to agency {}</small></li>",
            cause(share.cause),
            if share.drill { " (drill)" } else { "" },
            minutes(share.remaining_secs),
            names.join(", "),
            text(&share.agency),
        );
    }
    page.push_str("</ul></section>");
}

fn cameras(page: &mut String, cameras: &[CameraReport]) {
    page.push_str("<section><h2>Cameras</h2><ul>");
    if cameras.is_empty() {
        page.push_str(
            "<li><b>None</b><span>The device's configuration names no camera.</span></li>",
        );
    }
    for camera in cameras {
        let sign = if camera.is_well() { "ok" } else { "bad" };
        let _ = write!(
            page,
            "<li class={sign}><b>{} {}</b><span>{}{}{}</span><small>{}{}</small></li>",
            camera.number,
            text(&camera.name),
            camera.condition,
            if camera.shared { " · shared now" } else { "" },
            if camera.masked { " · masked" } else { "" },
            text(&camera.address),
            if camera.reason.is_empty() {
                String::new()
            } else {
                format!(" · {}", text(&camera.reason))
            },
        );
    }
    page.push_str("</ul></section>");
}

/// The button on a page of its own, which does not renew itself under a frightened hand.
pub(super) fn render_button(premises: &str) -> String {
    let mut page = String::with_capacity(2 * 1024);
    open(&mut page, premises, "");
    page.push_str(
        "<form class=card method=post action=/press>\
         <label><input type=radio name=level value=panic checked> Panic</label>\
         <label><input type=radio name=level value=staffAlert> Staff alert</label>\
         <label><input type=checkbox name=drill> This is a drill</label>\
         <button class=press>Share what the press rules name</button></form>\
         <p class=note>This is not the emergency call.</p>\
         <p><a href=/>Back without pressing</a></p></main></body></html>\n",
    );
    page
}

fn footer(page: &mut String, report: &Report) {
    let hub = if report.hub.attached {
        format!(
            "Connected to the hub for {}.",
            minutes(report.hub.since_secs)
        )
    } else {
        format!(
            "No line to the hub for {}: {}.",
            minutes(report.hub.since_secs),
            text(&report.hub.reason)
        )
    };
    let _ = write!(page, "<footer>{hub} STOP works without it.</footer>");
}

fn cause(word: &str) -> &'static str {
    match word {
        "press" => "Somebody pressed",
        "alert" => "An alert that you agreed to",
        "approval" => "An alert that you said yes to",
        "terms" => "A yes that you signed for this occasion",
        _ => "Shared all the time",
    }
}

fn minutes(secs: u64) -> String {
    if secs < 60 {
        format!("{secs} s")
    } else if secs < 7_200 {
        format!("{} min", secs / 60)
    } else {
        format!("{} h", secs / 3_600)
    }
}

/// Names come from configuration and hub; none of them may become markup.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::report::{HubLine, OwnerReport};

    fn report() -> Report {
        Report {
            premises: "Kwik-E-Mart <script>".into(),
            hub: HubLine {
                attached: true,
                since_secs: 75,
                reason: String::new(),
            },
            storage_fine: true,
            paused: false,
            cameras: vec![],
            shares: vec![],
            ended: vec![],
            owner: OwnerReport::default(),
            records: None,
        }
    }

    #[test]
    fn a_share_that_nobody_can_see_is_not_called_shared() {
        let mut report = report();
        report.cameras.push(CameraReport {
            number: 1,
            name: "Till".into(),
            address: String::new(),
            condition: "online",
            reason: String::new(),
            since_secs: 0,
            masked: false,
            shared: true,
            ring_secs: 15,
            ring_bytes: 0,
            bytes_left: None,
        });
        assert!(render(&report).contains("Shared now"));
        report.hub.attached = false;
        assert!(!render(&report).contains("Shared now"));
    }

    #[test]
    fn stop_is_a_plain_form_and_names_cannot_become_markup() {
        let page = render(&report());
        assert!(page.contains("<form method=post action=/stop>"));
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
        assert!(page.contains("No share to show") && page.contains("1 min"));
    }
}
