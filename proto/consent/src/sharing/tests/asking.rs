//! What alerts may do beside presses: they ask the owner, open what the owner's yes names, and leave room.

use super::*;

fn yes(alert: Alert) -> TriggerKind {
    TriggerKind::Approval(Approval {
        of: TriggerId([1; 16]),
        alert,
        by: PersonId::new("").unwrap(),
    })
}

#[test]
fn an_owners_yes_ends_quiet_hours_and_opens_what_was_asked_and_nothing_else() {
    let always = QuietHours {
        from: MinuteOfDay::default(),
        to: MinuteOfDay::new(1439).unwrap(),
    };
    let quiet = AlertLimits {
        quiet: Some(always),
        ..AlertLimits::default()
    };
    let near = AlertLimits {
        within_metres: 100,
        ..AlertLimits::default()
    };
    let mut sharing = machine(vec![
        rule(1, on_gunshot(true, quiet), &[1], 60),
        rule(2, on_gunshot(false, quiet), &[2], 60),
        rule(3, on_gunshot(true, near), &[3], 60),
    ]);
    let_open(&mut sharing, &trigger(2, yes(gunshot(200))), &now(0)).unwrap();
    assert_eq!(open_cameras(&sharing), [1]);
}

#[test]
fn an_alert_that_opens_one_camera_still_asks_for_the_other() {
    let mut sharing = machine(vec![
        rule(1, on_gunshot(false, AlertLimits::default()), &[1], 60),
        rule(2, on_gunshot(true, AlertLimits::default()), &[2], 60),
    ]);
    let asked = sharing.asks(&alert(1, 0), 0, &now(0)).unwrap();
    assert_eq!(
        asked.iter().map(|terms| terms.rule).collect::<Vec<_>>(),
        [RuleId(2)]
    );
    let_open(&mut sharing, &alert(1, 0), &now(0)).unwrap();
    assert_eq!(open_cameras(&sharing), [1]);
    assert!(
        sharing.asks(&alert(1, 0), 0, &now(0)).is_none(),
        "asked once"
    );
    let_open(&mut sharing, &trigger(2, yes(gunshot(0))), &now(1)).unwrap();
    assert_eq!(open_cameras(&sharing), [1, 2]);
}

#[test]
fn an_alert_that_asks_opens_only_by_the_owners_yes_and_closes_with_the_alert() {
    let mut sharing = machine(vec![rule(
        1,
        on_gunshot(true, AlertLimits::default()),
        &[1],
        60,
    )]);
    assert_eq!(
        let_open(&mut sharing, &alert(1, 0), &now(0)),
        Err(Refusal::AsksOwner)
    );
    let_open(&mut sharing, &trigger(2, yes(gunshot(0))), &now(1)).unwrap();
    assert_eq!(open_cameras(&sharing), [1]);
    sharing.revoke(&revoke(1, Scope::Trigger(TriggerId([1; 16]))), at(2));
    assert!(sharing.permitted().is_empty());
}

#[test]
fn a_flood_of_alerts_leaves_room_for_a_press() {
    let mut sharing = machine(vec![
        rule(1, on_gunshot(false, AlertLimits::default()), &[1], 60),
        rule(2, RuleTrigger::Press, &[2], 60),
    ]);
    let opened = (0..=255)
        .filter(|id| let_open(&mut sharing, &alert(*id, 0), &now(0)).is_ok())
        .count();
    assert_eq!(opened, MAX_OPEN_GRANTS - MAX_RULES);
    let pressed = Trigger {
        id: TriggerId(*b"a press of today"),
        ..press(0, &[])
    };
    assert!(let_open(&mut sharing, &pressed, &now(1)).is_ok());
}
