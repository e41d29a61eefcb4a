//! Whether the settings load, where they come from, and whether they are good enough for production.

use std::net::IpAddr;

use super::check::CheckResult;
use crate::config::{
    Settings,
    load::{Layers, SettingsError},
    settings::{Environment, PRODUCTION_BCRYPT_COST_MIN},
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
    vec![
        sources(settings),
        secret(settings),
        passwords(settings),
        proxies(settings),
    ]
}

fn sources(settings: &Settings) -> CheckResult {
    let sources = match Layers::of_process() {
        Ok(layers) => describe(&layers),
        Err(error) => return refused(&error),
    };
    let host = &settings.server.host;
    let is_private = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if settings.environment == Environment::Production {
        return CheckResult::ok("settings", format!("production; {sources}"));
    }
    if is_private {
        return CheckResult::ok("settings", format!("development; {sources}"));
    }
    CheckResult::warning(
        "settings",
        format!("development, yet open to other machines on {host}; {sources}"),
        "set APP_ENVIRONMENT=production, which refuses weak secrets and limits registrations",
    )
}

/// Names alone: a value may be a secret.
fn describe(layers: &Layers) -> String {
    let file = std::env::current_dir().unwrap_or_default().join(".env");
    let effective = layers.file.keys();
    let effective = effective.filter(|name| !layers.environment.contains_key(*name));
    let sources = [
        named(&file.to_string_lossy(), effective),
        named("environment", layers.environment.keys()),
        named("ignored", layers.passed_over.iter()),
    ];
    let set: Vec<String> = sources.into_iter().flatten().collect();
    if set.is_empty() {
        return "nothing is set, so all are defaults".to_owned();
    }
    set.join("; ")
}

/// The names in order behind their source; `None` where there are none.
fn named<'a>(source: &str, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| format!("{source}: {}", names.join(" ")))
}

fn secret(settings: &Settings) -> CheckResult {
    const VARIABLE: &str = "APP_AUTH__JWT_SECRETS";
    let auth = &settings.auth;
    let found = match auth.weakness() {
        _ if auth.random_secret => format!(
            "{VARIABLE} is not set: every start makes another, and all access tokens end with it"
        ),
        Some(weakness) => format!("{VARIABLE} {weakness}: others can sign tokens"),
        None => {
            return CheckResult::ok("secret", format!("configured: {}", auth.jwt_secrets.len()));
        }
    };
    let remedy = format!(
        "set {VARIABLE} to a secret of your own, such as the output of `openssl rand -hex 32`"
    );
    CheckResult::warning("secret", found, remedy)
}

fn passwords(settings: &Settings) -> CheckResult {
    let cost = settings.auth.bcrypt_cost;
    CheckResult::ok("passwords", format!("bcrypt cost {cost}")).warn_if(
        cost < PRODUCTION_BCRYPT_COST_MIN,
        format!(
            "it is quick to guess: unset APP_AUTH__BCRYPT_COST for the default of 12; production takes \
             {PRODUCTION_BCRYPT_COST_MIN} or more"
        ),
    )
}

fn proxies(settings: &Settings) -> CheckResult {
    let trusted = settings.server.trusted_proxies.len();
    if settings.environment == Environment::Production && trusted == 0 {
        return CheckResult::warning(
            "proxies",
            "APP_SERVER__TRUSTED_PROXIES is not set: behind a proxy, all clients are taken for one",
            "set APP_SERVER__TRUSTED_PROXIES to the networks that your proxy's requests come from",
        );
    }
    CheckResult::ok("proxies", format!("networks trusted: {trusted}"))
}
