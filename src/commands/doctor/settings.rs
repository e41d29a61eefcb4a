//! Where the settings come from, and whether they are good enough for production.

use std::net::IpAddr;

use super::check::CheckResult;
use crate::config::{
    Settings,
    load::{Layers, SettingsError},
    settings::Environment,
};

/// The settings do not load, so that nothing else can be checked.
pub fn refused(error: &SettingsError) -> CheckResult {
    CheckResult::failure(
        "settings",
        error.to_string(),
        "correct it in the environment or in .env, and run this again: the other checks need it",
    )
}

/// Settings that load.
pub fn check(settings: &Settings) -> Vec<CheckResult> {
    vec![sources(settings), secret(settings), proxies(settings)]
}

fn sources(settings: &Settings) -> CheckResult {
    const CHECK: &str = "settings";
    let sources = match Layers::of_process() {
        Ok(layers) => describe(&layers),
        Err(error) => return refused(&error),
    };
    let host = &settings.server.host;
    let is_private = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if settings.environment == Environment::Production {
        CheckResult::ok(CHECK, format!("production; {sources}"))
    } else if is_private {
        CheckResult::ok(CHECK, format!("development; {sources}"))
    } else {
        CheckResult::warning(
            CHECK,
            format!("development, yet open to other machines on {host}; {sources}"),
            "set APP_ENVIRONMENT=production, which refuses weak secrets and limits registrations",
        )
    }
}

/// Names in order behind their source. No values: one may be a secret.
fn describe(layers: &Layers) -> String {
    let file = std::env::current_dir().unwrap_or_default().join(".env");
    let mut of_file: Vec<&String> = layers.file.keys().collect();
    of_file.retain(|name| !layers.environment.contains_key(*name));
    let sources = [
        (&*file.to_string_lossy(), of_file),
        ("environment", layers.environment.keys().collect()),
        ("ignored", layers.passed_over.iter().collect()),
    ];
    let named = sources.into_iter().filter(|(_, names)| !names.is_empty());
    let set: Vec<String> = named
        .map(|(source, mut names)| {
            names.sort_unstable();
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            format!("{source}: {}", names.join(" "))
        })
        .collect();
    if set.is_empty() {
        return "nothing is set, so all are defaults".to_owned();
    }
    set.join("; ")
}

fn secret(settings: &Settings) -> CheckResult {
    const CHECK: &str = "secret";
    const VARIABLE: &str = "APP_AUTH__JWT_SECRETS";
    let auth = &settings.auth;
    let weakness = if auth.random_secret {
        "is not set: every start makes another, and all access tokens end with it".to_owned()
    } else if let Some(weakness) = auth.weakness() {
        format!("{weakness}: others can sign tokens")
    } else {
        return CheckResult::ok(CHECK, format!("configured: {}", auth.jwt_secrets.len()));
    };
    let found = format!("{VARIABLE} {weakness}");
    let remedy = format!(
        "set {VARIABLE} to a secret of your own, such as the output of `openssl rand -hex 32`"
    );
    CheckResult::warning(CHECK, found, remedy)
}

fn proxies(settings: &Settings) -> CheckResult {
    const CHECK: &str = "proxies";
    let trusted = settings.server.trusted_proxies.len();
    if settings.environment == Environment::Production && trusted == 0 {
        return CheckResult::warning(
            CHECK,
            "APP_SERVER__TRUSTED_PROXIES is not set: behind a proxy, all clients are taken for one",
            "set APP_SERVER__TRUSTED_PROXIES to the networks that your proxy's requests come from",
        );
    }
    CheckResult::ok(CHECK, format!("networks trusted: {trusted}"))
}
