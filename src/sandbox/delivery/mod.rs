//! What happened in the sandbox, and its way to the webhooks that chose it: kept in `deliveries.db`, signed once, sent
//! by Kinde's schedule until a target answers 200.

pub mod attempts;
pub mod engine;
pub mod events;
pub mod line;
pub mod post;
pub mod publish;
pub mod schedule;
pub mod store;
#[cfg(test)]
mod tests;
