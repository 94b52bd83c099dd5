//! Whether a request that may open something comes from this page or from no page at all (a button, a
//! command). A page of somebody else, open in a browser on this LAN, must not be able to press.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

/// Names that only this LAN resolves; any other could be pointed at this device by its owner.
const LOCAL_NAMES: [&str; 5] = [".local", ".lan", ".home.arpa", ".internal", ".localhost"];

pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .map(header::HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix("http://"));
    matches!((origin, host), (Some(origin), Some(host)) if origin == host && is_local(host))
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || !name.contains('.')
        || LOCAL_NAMES
            .iter()
            .any(|end| name.to_ascii_lowercase().ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair =
            |(name, value): &(&'static str, &str)| Some((name.parse().ok()?, value.parse().ok()?));
        pairs.iter().filter_map(pair).collect()
    }

    #[test]
    fn buttons_and_the_own_page_may_press() {
        assert!(is_own(&headers(&[("host", "192.168.1.9:7480")])));
        assert!(is_own(&headers(&[
            ("host", "192.168.1.9:7480"),
            ("origin", "http://192.168.1.9:7480")
        ])));
        assert!(is_own(&headers(&[
            ("host", "core.local"),
            ("origin", "http://core.local")
        ])));
        assert!(is_own(&headers(&[
            ("host", "[::1]:7480"),
            ("origin", "http://[::1]:7480")
        ])));
    }

    #[test]
    fn foreign_pages_may_not_even_under_a_name_that_points_here() {
        assert!(!is_own(&headers(&[
            ("host", "192.168.1.9:7480"),
            ("origin", "http://evil.example")
        ])));
        assert!(!is_own(&headers(&[
            ("host", "192.168.1.9:7480"),
            ("origin", "null")
        ])));
        assert!(!is_own(&headers(&[
            ("host", "evil.example:7480"),
            ("origin", "http://evil.example:7480")
        ])));
        assert!(!is_own(&headers(&[
            ("host", "192.168.1.9"),
            ("sec-fetch-site", "cross-site")
        ])));
    }
}
