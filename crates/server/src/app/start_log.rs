//! The lines of the log that say what a server runs with.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};

use tickseed_store::StoreAddress;

use crate::access::Access;
use crate::http::ProtectionOptions;
use crate::metrics_port::MetricsPort;
use crate::settings::ServeSettings;

/// With fewer open files, the server warns.
const FEW_FILES: u64 = 10_000;

/// What the machine gives the server.
pub(super) struct Capacity {
    pub(super) cores: u64,
    /// How many files the server may have open.
    pub(super) open_files: u64,
    /// How many it wants.
    pub(super) wanted_files: u64,
}

/// Logs what the server runs with.
pub(super) fn log_start(
    settings: &ServeSettings,
    store: &StoreAddress,
    address: SocketAddr,
    access: &Access,
    metrics: Option<&MetricsPort>,
    Capacity { cores, open_files, wanted_files }: Capacity,
) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        %address,
        access = %access.mode(),
        api_keys = access.key_count(),
        %store,
        data_dir = %settings.folder.data_dir.display(),
        session_ttl = settings.session_ttl,
        cache_mb = settings.cache_mb,
        keep_alive_seconds = settings.keep_alive_seconds,
        drain_seconds = settings.drain_seconds,
        cores,
        open_files,
        metrics = metrics.map(|port| tracing::field::display(port.address)),
        "tickseed starts"
    );
    tracing::info!(settings = settings.effective.line(), "these are the settings");
    if open_files < FEW_FILES {
        tracing::warn!(
            open_files,
            wanted = wanted_files,
            "the limit on open files is low, and every connection takes one: raise it (ulimit -n, or LimitNOFILE in systemd)"
        );
    }
}

/// Logs the limits, if any differ from those of a server that only this machine can reach.
pub(super) fn log_protection(protection: &ProtectionOptions) {
    let number = |limit: Option<u64>| limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
    let seconds = |limit: Option<NonZeroU32>| number(limit.map(|limit| limit.get().into()));
    let count = |limit: Option<NonZeroUsize>| number(limit.map(|limit| limit.get() as u64));
    if *protection == ProtectionOptions::default() {
        return;
    }
    tracing::info!(
        trusted_proxies = %protection.trusted_proxies,
        rate_limit = seconds(protection.rate.map(|rate| rate.per_second)),
        create_limit = seconds(protection.creates_per_minute),
        max_ttl = seconds(protection.creation.max_ttl_seconds),
        max_start_ahead = seconds(protection.creation.max_start_ahead_seconds),
        max_connections = count(protection.connections),
        max_connections_per_address = count(protection.connections_per_address),
        max_streams = count(protection.streams),
        max_streams_per_address = count(protection.streams_per_address),
        max_in_flight = count(protection.in_flight),
        "limits"
    );
}
