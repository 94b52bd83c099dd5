//! Server-sent events as bytes (WHATWG HTML, section 9.2). Data is JSON, which has no raw line breaks.

use bytes::Bytes;

pub(super) fn section(name: &str, number: u64, json: &[u8]) -> Bytes {
    let mut frame = format!("event: {name}\nid: {number}\ndata: ").into_bytes();
    frame.extend_from_slice(json);
    frame.extend_from_slice(b"\n\n");
    frame.into()
}

pub(super) fn bye(reason: &'static str) -> Bytes {
    format!("event: bye\ndata: {{\"reason\":\"{reason}\"}}\n\n").into()
}

/// A comment, so that the page and everything between knows that the line is alive.
pub(super) fn alive() -> Bytes {
    Bytes::from_static(b": alive\n\n")
}
