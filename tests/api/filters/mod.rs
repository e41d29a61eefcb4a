//! The filters of `GET /tasks` by project, parent, blockers, labels and members, and the order by hand.

mod account;
pub mod edges;
pub mod pairs;
