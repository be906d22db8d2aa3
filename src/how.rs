//! From command-line options to how sessions are opened: the same for consoles, talks and load.

use std::time::Duration;

use crate::cli;
use crate::error::{Error, Result};
use crate::net::dial::{DialOptions, Family, Resolve};
use crate::net::proxy::ProxyHeader;
use crate::net::tls::{Pin, TlsOptions, TlsVersion};
use crate::sasl::table;
use crate::session::open::limit;
use crate::wire::show::{Charset, show};

/// A program gives each address so long to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// How to dial. Where a person waits there is no limit but an explicit one.
///
/// # Errors
/// `Usage` for what cannot be understood.
pub fn dial(link: &cli::Link, person: bool) -> Result<DialOptions> {
    Ok(DialOptions {
        family: match (link.ipv4, link.ipv6) {
            (true, _) => Some(Family::V4),
            (_, true) => Some(Family::V6),
            _ => None,
        },
        source: link.source,
        resolve: link
            .resolve
            .iter()
            .map(|text| Resolve::parse(text))
            .collect::<Result<_>>()?,
        proxy_header: link.proxy_header.map(|version| match version {
            cli::ProxyVersion::V1 => ProxyHeader::V1,
            cli::ProxyVersion::V2 => ProxyHeader::V2,
        }),
        timeout: limit(link.timeout)?.or_else(|| (!person).then_some(CONNECT)),
        window: None,
        reset: false,
        stamps: false,
    })
}

/// The mechanism that `--login` names; the empty name leaves the choice to the program.
///
/// # Errors
/// `Usage` for a word that names none: it may be the target, since the mechanism may be left out.
pub fn mechanism(login: &cli::Login) -> Result<Option<String>> {
    let Some(name) = &login.login else {
        return Ok(None);
    };
    let own = ["USER", "PASS", "APOP"];
    if name.is_empty() || own.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Ok(Some(name.clone()));
    }
    if table::find(name).is_none() {
        let known: Vec<_> = table::MECHANISMS
            .iter()
            .filter(|row| row.spoken())
            .map(|row| row.name)
            .collect();
        let name = show(name.as_bytes(), Charset::Unicode);
        return Err(
            Error::usage(format!("--login took {name} for its mechanism"))
                .hint("write", "the target first, or --login=MECH")
                .hint("known", known.join(" ")),
        );
    }
    let row = table::usable(name).map_err(|e| Error::usage(e.0))?;
    Ok(Some(row.name.to_owned()))
}

/// What TLS is to be like.
///
/// # Errors
/// `Usage` for what cannot be understood.
pub fn tls(tls: &cli::Tls) -> Result<TlsOptions> {
    let version = |v: cli::TlsVersion| match v {
        cli::TlsVersion::V12 => TlsVersion::V12,
        cli::TlsVersion::V13 => TlsVersion::V13,
    };
    let keylog = match &tls.keylog {
        Some(path) if path.as_os_str().is_empty() => {
            let named = std::env::var_os("SSLKEYLOGFILE").filter(|v| !v.is_empty());
            let named = named.ok_or_else(|| {
                Error::usage("--keylog names no file and SSLKEYLOGFILE is not set")
                    .hint("give", "--keylog FILE")
            })?;
            Some(named.into())
        }
        // The file may be left out, so a target behind the option is taken for one.
        Some(path) if path.to_string_lossy().contains("://") => {
            return Err(Error::usage("--keylog took the target for its file")
                .hint("write", "the target first, or --keylog=FILE"));
        }
        other => other.clone(),
    };
    Ok(TlsOptions {
        ca_file: tls.ca_file.clone(),
        insecure: tls.insecure,
        pins: tls
            .pin
            .iter()
            .map(|text| Pin::parse(text))
            .collect::<Result<_>>()?,
        sni: tls.sni.clone(),
        expect_name: tls.expect_name.clone(),
        alpn: tls.alpn.clone(),
        min: tls.tls_min.map(version),
        max: tls.tls_max.map(version),
        cert: tls.cert.clone(),
        key: tls.key.clone(),
        keylog,
        ..TlsOptions::default()
    })
}
