//! Which page a host name belongs to. Two names, one listener: cookies, passkeys and scripts of the
//! console and of the owners' page never meet, because browsers keep hosts apart.

use crate::config::Http;
use crate::error::{Error, Kind, Result};
use crate::identity::Role;
use axum::extract::Request;
use axum::http::header;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Console,
    Owner,
}

impl Page {
    pub(super) fn of(config: &Http, request: &Request) -> Result<Self> {
        let authority = authority(request).unwrap_or_default();
        let host = without_port(authority);
        match host {
            host if host.eq_ignore_ascii_case(&config.console_host) => Ok(Page::Console),
            host if host.eq_ignore_ascii_case(&config.owner_host) => Ok(Page::Owner),
            _ => Err(unknown_host(config)),
        }
    }

    /// Whose page it is; nobody else signs in there.
    pub(super) fn role(self) -> Role {
        match self {
            Page::Console => Role::Operator,
            Page::Owner => Role::Owner,
        }
    }

    /// The folder of its built files.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Page::Console => "console",
            Page::Owner => "owner",
        }
    }
}

/// Host and port as the caller wrote them: the `Host` header, or `:authority` in HTTP/2.
pub(super) fn authority(request: &Request) -> Option<&str> {
    match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => request
            .uri()
            .authority()
            .map(axum::http::uri::Authority::as_str),
    }
}

/// An address of the loopback network, or a name that resolves to it everywhere (RFC 6761).
pub(super) fn names_this_machine(authority: &str) -> bool {
    let host = without_port(authority);
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>();
    address.is_ok_and(|address| address.is_loopback())
        || host == "localhost"
        || host.ends_with(".localhost")
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

fn unknown_host(config: &Http) -> Error {
    let sentence = format!(
        "This hub answers as {} and {} only.",
        config.console_host, config.owner_host
    );
    Error::new(Kind::NotFound, sentence).slug("unknown-host")
}
