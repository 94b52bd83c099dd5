//! The page over a real socket, with a real gate behind it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use assent_consent::{
    AgencyId, CameraNumber, Cameras as Numbers, DeviceId, Origin, PolicyVersion, Rights, Rule,
    RuleId, RuleTrigger, StandingPolicy, Ttl,
};
use tokio_util::task::TaskTracker;

use super::*;
use crate::gate::{Ask, ConsentSetup, Setup};
use crate::memory::Memory;
use crate::soft_owner::{OWNER_PAGE, Owner};
use crate::valve;

/// A page of a device without cameras and without rules.
async fn page() -> (std::net::SocketAddr, CancellationToken, tempfile::TempDir) {
    page_under(StandingPolicy::default()).await
}

async fn page_under(
    policy: StandingPolicy,
) -> (std::net::SocketAddr, CancellationToken, tempfile::TempDir) {
    let (address, stop, folder, _) = page_of(policy, ConsentSetup::default()).await;
    (address, stop, folder)
}

async fn page_of(
    policy: StandingPolicy,
    consent: ConsentSetup,
) -> (
    std::net::SocketAddr,
    CancellationToken,
    tempfile::TempDir,
    Gate,
) {
    let folder = tempfile::tempdir().unwrap();
    let (memory, past) = Memory::open(folder.path()).unwrap();
    let stop = CancellationToken::new();
    let valves = valve::valves(CameraNumber::new(1));
    let setup = Setup {
        device: DeviceId([7; 32]),
        policy,
        valves: Arc::clone(&valves),
        consent,
    };
    let gate = Gate::start(setup, memory, past, &TaskTracker::new(), &stop);
    let (_, attached) = watch::channel(Attached::not_yet());
    let local = Local {
        premises: "Kwik-E-Mart".into(),
        own: [127, 0, 0, 1].into(),
        gate: gate.clone(),
        cameras: Cameras::default(),
        valves,
        attached,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(local.serve(listener, stop.clone()));
    (address, stop, folder, gate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_may_stop_and_see_how_things_are() {
    let (address, _stop, _folder) = page().await;
    let stopped = client::ask(address, "POST", "/stop", "").await.unwrap();
    assert_eq!(stopped, "{\"stopped\":[]}");
    let status = client::ask(address, "GET", "/status", "").await.unwrap();
    assert!(status.contains("\"premises\":\"Kwik-E-Mart\""), "{status}");
    let html = client::ask(address, "GET", "/", "").await.unwrap();
    assert!(html.contains("STOP sharing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_without_a_rule_opens_nothing_and_says_so() {
    let (address, _stop, _folder) = page().await;
    for body in ["", "{}", "{\"level\":\"staffAlert\",\"drill\":true}"] {
        let pressed = client::ask(address, "POST", "/press", body).await.unwrap();
        assert!(
            pressed.contains("\"opened\":[]") && pressed.contains("No rule"),
            "{pressed}"
        );
    }
    let error = client::ask(address, "POST", "/press", "{\"level\":\"joke\"}")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("400"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_arrives_as_a_form_too() {
    let headers = HeaderMap::from_iter([(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/x-www-form-urlencoded"),
    )]);
    let body = axum::body::Bytes::from_static(b"level=staffAlert&drill=on");
    let meant = read_press(&headers, &body).await.unwrap().meant();
    assert!(matches!(meant.level, Level::StaffAlert) && meant.drill && !meant.silent);
}

fn press_rule() -> StandingPolicy {
    let rule = Rule {
        id: RuleId(1),
        trigger: RuleTrigger::Press,
        cameras: Numbers::new(CameraNumber::new(1)).unwrap(),
        agency: AgencyId::new("springfield-pd").unwrap(),
        rights: Rights::LIVE,
        longest: Ttl::from_secs(60).unwrap(),
        pre_roll_secs: 0,
    };
    StandingPolicy::new(PolicyVersion(1), vec![rule]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_press_is_not_seen_by_a_bystander_and_stop_ends_it() {
    let (address, _stop, _folder) = page_under(press_rule()).await;
    let ask = |method, path, body| client::ask(address, method, path, body);
    let pressed = ask("POST", "/press", "{\"silent\":true}").await.unwrap();
    assert!(!pressed.contains("\"opened\":[]"), "{pressed}");
    let html = ask("GET", "/", "").await.unwrap();
    assert!(html.contains("No share to show") && !html.contains("Somebody pressed"));
    // Whoever has a shell on the device sees it.
    let status = ask("GET", "/status", "").await.unwrap();
    assert!(status.contains("\"cause\":\"press\""), "{status}");
    let on_lan = [192, 168, 1, 9].into();
    let from = |ip: [u8; 4]| Some(Extension(ConnectInfo((ip, 9).into())));
    assert_eq!(eyes(from([192, 168, 1, 9]), on_lan), Eyes::OnDevice);
    for bystander in [from([192, 168, 1, 5]), None] {
        assert_eq!(eyes(bystander, on_lan), Eyes::Anybody);
    }

    let stopped = ask("POST", "/stop", "").await.unwrap();
    assert_ne!(stopped, "{\"stopped\":[]}");
    ask("POST", "/press", "").await.unwrap();
    let html = ask("GET", "/", "").await.unwrap();
    assert!(html.contains("Somebody pressed"), "one that is not silent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owners_phone_is_paired_at_the_page_and_a_reset_needs_the_device_itself() {
    let consent = ConsentSetup {
        origins: vec![Origin::new(OWNER_PAGE).unwrap()],
        key: Some(crate::device_key::tests::key()),
        ..ConsentSetup::default()
    };
    let (address, _stop, _folder, gate) = page_of(StandingPolicy::default(), consent).await;
    let ask = |method, path| client::ask(address, method, path, "");
    let html = ask("GET", "/pair").await.unwrap();
    assert!(html.contains("<svg") && !html.contains("#p="), "{html}");
    let code = ask("POST", "/pair").await.unwrap();
    let code: serde_json::Value = serde_json::from_str(&code).unwrap();
    let owner = Owner::scan(code["url"].as_str().unwrap());
    assert!(ask("POST", "/confirm").await.is_err(), "nothing waits");
    let body = owner.hello(None);
    gate.hear(Ask::PairingHello(assent_wire::link::PairingHello { body }))
        .await
        .unwrap();
    // The gate takes one thing after the other: behind this the hello is heard.
    gate.invitation(false).await.unwrap();
    let html = ask("GET", "/").await.unwrap();
    assert!(html.contains("action=/confirm"), "{html}");
    let confirmed = ask("POST", "/confirm").await.unwrap();
    assert_eq!(confirmed, "{\"confirmed\":\"pairing\"}");
    let status = ask("GET", "/status").await.unwrap();
    assert!(status.contains("\"paired\":true"), "{status}");
    assert!(ask("POST", "/pair").await.is_err(), "it has an owner");
    let html = ask("GET", "/pair").await.unwrap();
    assert!(html.contains("This device has an owner") && !html.contains("<svg"));
    assert_eq!(ask("POST", "/reset").await.unwrap(), "{\"epoch\":2}");
}
