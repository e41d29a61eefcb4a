//! Settings: built-in defaults, then `.env`, then the environment; the later over the earlier.
//! [`table`] lists every variable, [`settings`] are the typed values, [`load`] gets from one to the
//! other and refuses what is unknown, malformed or out of range, [`sources`] tells where each comes from, and
//! [`database_url`] tells operators which database.

pub mod database_url;
pub mod load;
pub mod settings;
pub mod sources;
pub mod table;

pub use settings::Settings;
