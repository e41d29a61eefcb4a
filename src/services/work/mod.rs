//! Units of work on tasks that have to do with one another. What the operations are about is read in few statements, they
//! are worked out in memory, in order, on the rules of the models, and what has changed is written in few statements.
//!
//! All of it happens under a lock on the user: two requests never make together what each alone may not, and rows are
//! locked in the order of their ids, so that there is no deadlock.

pub mod load;
pub mod moves;
pub mod trash;
pub mod unit;
pub mod update;
