//! A network of its own for one premises: a namespace with one cable to the host, packets counted by
//! the kernel, and a way to cut the line. Needs root, `ip` and `nft`.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;

use super::process::run;

const PREFIX: &str = "assent-town-";

pub struct Namespace {
    name: String,
    cable: String,
    host: Ipv4Addr,
    inside: Ipv4Addr,
}

/// Packets and bytes that left the namespace since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    pub packets: u64,
    pub bytes: u64,
}

/// What the kernel counted, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub udp: Left,
    /// TCP to the hub's link, and to the ports named as cameras.
    pub link: Left,
    pub cameras: Left,
    /// Answers of the local page.
    pub local_page: Left,
    /// Everything else, whatever it is.
    pub other: Left,
}

impl Namespace {
    /// # Errors
    /// When this is not root, or `ip` or `nft` is missing.
    pub fn make() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        sweep()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        let [_, high, low, _] = (pid.wrapping_mul(8) + number % 8)
            .wrapping_mul(256)
            .to_be_bytes();
        let net = 64 + high % 128;
        let made = Self {
            name: format!("{PREFIX}{pid}-{number}"),
            cable: format!("at{pid}n{number}"),
            host: Ipv4Addr::new(10, net, low, 1),
            inside: Ipv4Addr::new(10, net, low, 2),
        };
        made.wire()
            .context("making a network namespace (this needs root)")?;
        Ok(made)
    }

    fn wire(&self) -> Result<()> {
        let (name, cable) = (self.name.as_str(), self.cable.as_str());
        let end = format!("{cable}e");
        let (host, inside) = (format!("{}/30", self.host), format!("{}/30", self.inside));
        run(&["ip", "netns", "add", name])?;
        run(&[
            "ip", "link", "add", cable, "type", "veth", "peer", "name", &end,
        ])?;
        run(&["ip", "link", "set", &end, "netns", name])?;
        run(&["ip", "addr", "add", &host, "dev", cable])?;
        run(&["ip", "link", "set", cable, "up"])?;
        for command in [
            &["ip", "addr", "add", &inside, "dev", &end][..],
            &["ip", "link", "set", &end, "up"],
            &["ip", "link", "set", "lo", "up"],
        ] {
            self.run(command)?;
        }
        // Only IPv4 is wired; neighbour discovery would be counted as leaving.
        self.run(&["sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1"])?;
        Ok(())
    }

    /// The host's end of the cable: where hub and cameras listen.
    #[must_use]
    pub fn host(&self) -> IpAddr {
        self.host.into()
    }

    /// The device's address.
    #[must_use]
    pub fn inside(&self) -> IpAddr {
        self.inside.into()
    }

    /// `command` as it is run inside.
    #[must_use]
    pub fn command(&self, command: &[&str]) -> Vec<OsString> {
        let enter = ["ip", "netns", "exec", &self.name];
        enter.iter().chain(command).map(Into::into).collect()
    }

    /// Begins to count what leaves, from nothing.
    ///
    /// # Errors
    /// When `nft` refuses.
    pub fn count(&self, link: u16, cameras: &[u16]) -> Result<()> {
        let ports: Vec<String> = cameras.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        let rules = format!(
            "table inet left {{
               counter left_udp {{ }}
               counter left_link {{ }}
               counter left_cameras {{ }}
               counter left_local_page {{ }}
               counter left_other {{ }}
               chain out {{
                 type filter hook output priority 0;
                 oifname \"lo\" accept
                 meta l4proto udp counter name left_udp accept
                 tcp dport {link} counter name left_link accept
                 tcp dport {{ {ports} }} counter name left_cameras accept
                 tcp sport 7480 counter name left_local_page accept
                 counter name left_other
               }}
             }}"
        );
        let _ = self.run(&["nft", "delete", "table", "inet", "left"]);
        self.run(&["nft", &rules])?;
        Ok(())
    }

    /// # Errors
    /// When counting was not begun.
    pub fn counted(&self) -> Result<Counted> {
        let listed: Value = serde_json::from_str(&self.run(&["nft", "-j", "list", "counters"])?)?;
        let read = |name: &str| {
            let mut all = listed["nftables"].as_array().into_iter().flatten();
            let counter = all.find(|entry| entry["counter"]["name"] == format!("left_{name}"));
            let counter = &counter.with_context(|| format!("no counter {name}"))?["counter"];
            let number = |field: &str| counter[field].as_u64().unwrap_or_default();
            anyhow::Ok(Left {
                packets: number("packets"),
                bytes: number("bytes"),
            })
        };
        Ok(Counted {
            udp: read("udp")?,
            link: read("link")?,
            cameras: read("cameras")?,
            local_page: read("local_page")?,
            other: read("other")?,
        })
    }

    /// Silently drops everything between the device and the hub's ports, where it arrives; cameras stay
    /// reachable, and neither end is told.
    ///
    /// # Errors
    /// When `nft` refuses.
    pub fn cut(&self, hub_ports: &[u16]) -> Result<()> {
        let ports: Vec<String> = hub_ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        self.filter_at_host(&format!(
            "meta l4proto {{ tcp, udp }} th dport {{ {ports} }} drop"
        ))?;
        self.run(&[
            "nft",
            &format!(
                "table inet cut {{ chain in {{ type filter hook input priority 10; \
             meta l4proto {{ tcp, udp }} th sport {{ {ports} }} drop; }}; }}"
            ),
        ])?;
        Ok(())
    }

    /// Loses one media packet in `one_in` on its way to the hub, at the kernel's random choice.
    ///
    /// # Errors
    /// When `nft` refuses.
    pub fn lose(&self, one_in: u32) -> Result<()> {
        self.filter_at_host(&format!(
            "meta l4proto udp numgen random mod {one_in} 0 drop"
        ))
    }

    /// Sends the device's media to `relay` instead of the hub's port `from`; answers come back the same way.
    ///
    /// # Errors
    /// When `nft` refuses.
    pub fn detour(&self, from: u16, relay: SocketAddr) -> Result<()> {
        self.run(&[
            "nft",
            &format!(
                "table ip cut {{ chain out {{ type nat hook output priority -100; \
             udp dport {from} dnat to {relay}; }}; }}"
            ),
        ])?;
        Ok(())
    }

    /// Undoes [`Self::cut`], [`Self::lose`] and [`Self::detour`].
    pub fn mend(&self) {
        let _ = self.run(&["nft", "delete", "table", "inet", "cut"]);
        let _ = self.run(&["nft", "delete", "table", "ip", "cut"]);
        let _ = run(&["nft", "delete", "table", "inet", &self.cable]);
    }

    fn filter_at_host(&self, rule: &str) -> Result<()> {
        let cable = &self.cable;
        run(&[
            "nft",
            &format!(
                "table inet {cable} {{ chain in {{ type filter hook input priority 10; \
             iifname \"{cable}\" {rule}; }}; }}"
            ),
        ])?;
        Ok(())
    }

    fn run(&self, command: &[&str]) -> Result<String> {
        let mut inside = vec!["ip", "netns", "exec", self.name.as_str()];
        inside.extend_from_slice(command);
        run(&inside)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.mend();
        // The cable goes with the namespace that holds its other end.
        let _ = run(&["ip", "netns", "delete", &self.name]);
    }
}

/// Removes what a killed test run left behind.
fn sweep() -> Result<()> {
    for line in run(&["ip", "netns", "list"])?.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let owner = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !std::path::Path::new("/proc").join(pid).exists()) {
            let _ = run(&["ip", "netns", "delete", name]);
        }
    }
    Ok(())
}
