//! What an installer reads when the file is wrong, and what the device does with a right one.
#![expect(clippy::unwrap_used, reason = "tests")]

use assent_consent::AgencyId;

use super::*;
use crate::camera::Armed;

fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("core-device.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(Some(&file), Overrides::default())
}

fn refusal(text: &str) -> String {
    let message = load(text).unwrap_err().to_string();
    assert!(message.contains("core-device.toml"), "{message}");
    message
}

#[test]
fn an_empty_file_has_no_cameras_and_listens_on_loopback() {
    let config = load("").unwrap();
    assert!(config.cameras.is_empty());
    assert!(config.local_listen.ip().is_loopback());
    assert_eq!(config.ring.secs, 15);
}

#[test]
fn an_unknown_field_is_refused_by_name_and_line() {
    let message = refusal("logs = \"json\"\nlocl_listen = \"127.0.0.1:1\"\n");
    assert!(
        message.contains("line 2") && message.contains("locl_listen"),
        "{message}"
    );
}

#[test]
fn a_refusal_never_repeats_a_password() {
    let message =
        refusal("[[camera]]\nnumber = 1\nname = \"Till\"\nmain = \"x\"\npassword = 4711\n");
    assert!(!message.contains("4711"), "{message}");
    let message = refusal("[[camera]]\nnumber = 1\nname = \"T\"\nmain = \"rtsp://a:s3cret@b/\"\n");
    assert!(
        message.contains("camera[0].main") && !message.contains("s3cret"),
        "{message}"
    );
}

#[test]
fn a_password_is_read_from_its_file_and_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("till");
    std::fs::write(&file, "s3cret\n").unwrap();
    let config = load(&format!(
        "[[camera]]\nnumber = 1\nname = \"Till\"\nmain = \"rtsp://h/\"\npassword_file = {file:?}\n"
    ))
    .unwrap();
    assert_eq!(
        config.cameras[0].main.password.as_ref().unwrap().expose(),
        "s3cret"
    );
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn numbers_are_unique_and_masks_stay_inside_the_picture() {
    let camera = "[[camera]]\nnumber = 1\nname = \"Till\"\nmain = \"rtsp://h/\"\n";
    assert!(refusal(&format!("{camera}{camera}")).contains("camera[1].number"));
    let masked = format!("{camera}masks = [{{x = 0.5, y = 0.0, w = 0.6, h = 0.1}}]\n");
    assert!(refusal(&masked).contains("camera[0].masks"));
}

#[test]
fn flags_win_over_the_file() {
    let overrides = Overrides {
        hub: Some("10.0.0.1:7443".into()),
        ..Overrides::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, "hub = \"old.example:7443\"").unwrap();
    let config = Config::load(Some(&file), overrides).unwrap();
    assert_eq!(config.hub.as_deref(), Some("10.0.0.1:7443"));
}

const TILL: &str = "[[camera]]\nnumber = 1\nname = \"Till\"\nmain = \"rtsp://h/\"\n";

#[test]
fn rules_in_words_become_the_policy() {
    let config = load(&format!(
        "policy_version = 7\n{TILL}
        [[rule]]\ntrigger = \"press\"\ncameras = [1]\nagency = \"springfield-pd\"
        rights = [\"live\", \"pre_roll\", \"audio\"]\nlongest_secs = 7200\npre_roll_secs = 10
        [[rule]]\ntrigger = \"alert\"\nalert_kinds = [\"gunshot\"]\nanswer = \"asks\"\ncameras = [1]
        agency = \"springfield-pd\"\nrights = [\"live\"]\nlongest_secs = 600\nquiet = \"22:00-06:00\""
    ))
    .unwrap();
    assert_eq!(config.policy.version().0, 7);
    assert_eq!(config.policy.rules().len(), 2);
    let agency = config.policy.rules()[0].agency.clone();
    assert_eq!(agency, AgencyId::of_key("springfield-pd").unwrap());
    let by_id = load(&format!(
        "{TILL}[[rule]]\ntrigger = \"press\"\ncameras = [1]\nagency = \"{agency}\"
        rights = [\"live\"]\nlongest_secs = 60"
    ))
    .unwrap();
    assert_eq!(
        by_id.policy.rules()[0].agency,
        agency,
        "the key's id means the same"
    );
    assert_eq!(Armed::of(&config.policy).pictures.len(), 1);
    assert_eq!(Armed::of(&config.policy).sound.len(), 1);
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused_in_words() {
    let rule = "[[rule]]\ncameras = [1]\nagency = \"a\"\nlongest_secs = 60\nrights = [\"live\"]\n";
    let with = |more: &str| refusal(&format!("{TILL}{rule}{more}"));
    assert!(with("trigger = \"press\"\nper_day = 3").contains("rule[0].per_day"));
    assert!(with("trigger = \"alert\"\nalert_kinds = [\"x\"]").contains("rule[0].answer"));
    assert!(with("trigger = \"alert\"\nanswer = \"opens\"").contains("alert_kinds"));
    let unknown = format!("{TILL}{}trigger = \"press\"", rule.replace("[1]", "[2]"));
    assert!(refusal(&unknown).contains("camera 2"));
}

#[test]
fn the_example_in_deploy_is_right_apart_from_its_password_files() {
    let example = include_str!("../../../deploy/core-device.example.toml");
    let own = example.replace("password_file = \"/etc/assent", "#");
    assert_eq!(load(&own).unwrap().policy.rules().len(), 3);
    let uncommented: String = own
        .lines()
        .map(|line| {
            let setting = line.starts_with("#[")
                || line.split_once(" = ").is_some_and(|(name, _)| {
                    name.strip_prefix('#').is_some_and(|name| {
                        !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                    })
                });
            format!(
                "{}\n",
                if setting {
                    line.trim_start_matches('#')
                } else {
                    line
                }
            )
        })
        .collect();
    // `[ring]` and `[media]` stand between the top and the cameras, as the text does.
    assert!(load(&uncommented).is_ok(), "{:?}", load(&uncommented).err());
}

#[test]
fn origins_are_written_as_browsers_write_them_and_cameras_may_hang_inside() {
    let config = load(&format!(
        "consent_origins = [\"http://owner.localhost:7400\"]\n{TILL}indoor = true\n"
    ))
    .unwrap();
    assert_eq!(config.consent_origins.len(), 1);
    assert_eq!(config.indoor().len(), 1);
    for wrong in ["http://owner.example", "https://owner.example/", "owner"] {
        let message = refusal(&format!("consent_origins = [\"{wrong}\"]"));
        assert!(message.contains("consent_origins"), "{message}");
    }
    let many = "\"https://a.example\",".repeat(5);
    assert!(refusal(&format!("consent_origins = [{many}]")).contains("more than four"));
}
