//! What an installer reads when the file is wrong, and what the device does with a right one.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

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
