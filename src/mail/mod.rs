//! Email: whether Kinde will be able to send.

pub mod resolver;
