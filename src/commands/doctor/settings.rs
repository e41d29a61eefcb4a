//! Whether the settings load, where they come from, and whether they are good enough for production.

use std::net::IpAddr;

use super::finding::Finding;
use crate::config::{
    Settings,
    load::{Layers, SettingsError},
    settings::{Environment, PRODUCTION_BCRYPT_COST_MIN},
};

const GENERATE: &str = "set APP_AUTH__JWT_SECRETS to a secret of your own, such as the output of `openssl rand -hex 32`";

/// The settings do not load, so that nothing else can be looked at.
pub fn refused(error: &SettingsError) -> Finding {
    Finding::failure(
        "settings",
        error.to_string(),
        "correct it in the environment or in .env, and run this again: the other checks need it",
    )
}

/// What is to be said of settings that load.
pub fn findings(settings: &Settings) -> Vec<Finding> {
    vec![
        source(settings),
        secret(settings),
        passwords(settings),
        proxies(settings),
    ]
}

fn source(settings: &Settings) -> Finding {
    let sources = match Layers::of_process() {
        Ok(layers) => describe(&layers),
        Err(error) => return refused(&error),
    };
    match settings.environment {
        Environment::Production => Finding::ok("settings", format!("production; {sources}")),
        Environment::Development if is_private(&settings.server.host) => {
            Finding::ok("settings", format!("development; {sources}"))
        }
        Environment::Development => Finding::warning(
            "settings",
            format!(
                "development, yet open to other machines on {}; {sources}",
                settings.server.host
            ),
            "set APP_ENVIRONMENT=production, which refuses weak secrets and limits registrations",
        ),
    }
}

/// Names alone: a value may be a secret.
fn describe(layers: &Layers) -> String {
    let file = std::env::current_dir().unwrap_or_default().join(".env");
    let overridden = |name: &&String| layers.environment.contains_key(*name);
    let sources = [
        (
            file.display().to_string(),
            names(layers.file.keys().filter(|name| !overridden(name))),
        ),
        ("environment".to_owned(), names(layers.environment.keys())),
        ("ignored".to_owned(), layers.passed_over.join(" ")),
    ];
    let set = sources.into_iter().filter(|(_, names)| !names.is_empty());
    let set: Vec<String> = set
        .map(|(source, names)| format!("{source}: {names}"))
        .collect();
    if set.is_empty() {
        "nothing is set, so all are defaults".to_owned()
    } else {
        set.join("; ")
    }
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    names.join(" ")
}

fn is_private(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn secret(settings: &Settings) -> Finding {
    let auth = &settings.auth;
    let variable = "APP_AUTH__JWT_SECRETS";
    if auth.random_secret {
        return Finding::warning(
            "secret",
            format!(
                "{variable} is not set: every start makes another, and all access tokens end with it"
            ),
            GENERATE,
        );
    }
    match auth.weakness() {
        Some(weakness) => Finding::warning(
            "secret",
            format!("{variable} {weakness}: others can sign tokens"),
            GENERATE,
        ),
        None => Finding::ok("secret", format!("configured: {}", auth.jwt_secrets.len())),
    }
}

fn passwords(settings: &Settings) -> Finding {
    let cost = settings.auth.bcrypt_cost;
    let found = format!("bcrypt cost {cost}");
    if cost < PRODUCTION_BCRYPT_COST_MIN {
        let remedy = format!(
            "unset APP_AUTH__BCRYPT_COST for the default of 12; production takes {PRODUCTION_BCRYPT_COST_MIN} or more"
        );
        return Finding::warning("passwords", format!("{found}: quick to guess"), remedy);
    }
    Finding::ok("passwords", found)
}

fn proxies(settings: &Settings) -> Finding {
    let trusted = settings.server.trusted_proxies.len();
    if settings.environment == Environment::Production && trusted == 0 {
        let variable = "APP_SERVER__TRUSTED_PROXIES";
        return Finding::warning(
            "proxies",
            format!("{variable} is not set: behind a proxy, all clients are taken for one"),
            format!("set {variable} to the networks that your proxy's requests come from"),
        );
    }
    Finding::ok("proxies", format!("networks trusted: {trusted}"))
}
