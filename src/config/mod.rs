//! Settings: built-in defaults, then `.env`, then the environment; the later over the earlier.
//! [`settings`] declares each one once: field, variable, range, default and help. [`kind`] reads single values,
//! [`load`] lets the `config` crate merge the layers and deserialise them, and refuses what is unknown, malformed or
//! out of range. [`database_url`] and [`public_url`] are values with methods of their own.

pub mod database_url;
pub mod kind;
pub mod load;
pub mod public_url;
pub mod settings;

pub use settings::Settings;
