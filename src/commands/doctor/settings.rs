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

/// Names alone: a value may be a secret.
fn describe(layers: &Layers) -> String {
    let file = std::env::current_dir().unwrap_or_default().join(".env");
    let of_file = layers.file.keys();
    let of_file = of_file.filter(|name| !layers.environment.contains_key(*name));
    let sources = [
        named(&file.to_string_lossy(), of_file),
        named("environment", layers.environment.keys()),
        named("ignored", layers.passed_over.iter()),
    ];
    let sources: Vec<String> = sources.into_iter().flatten().collect();
    if sources.is_empty() {
        return "nothing is set, so all are defaults".to_owned();
    }
    sources.join("; ")
}

/// The names in order behind their source; `None` where there are none.
fn named<'a>(source: &str, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| format!("{source}: {}", names.join(" ")))
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
            "APP_SERVER__TRUSTED_PROXIES is not set: behind a proxy, all clients count as one",
            "set APP_SERVER__TRUSTED_PROXIES to the networks that your proxy's requests come from",
        );
    }
    CheckResult::ok(CHECK, format!("networks trusted: {trusted}"))
}
