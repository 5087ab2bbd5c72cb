//! Kinde Panel: a desktop control panel for developers who integrate Kinde.
//!
//! # The layers
//!
//! Each layer imports only those below it; `tests/architecture.rs` checks it.
//!
//! | layer | modules | what it owns |
//! | --- | --- | --- |
//! | 9 | [`app`], [`screens`], [`ui`], [`action`] | the window: app → screens → ui → layer 1 |
//! | 8 | [`backend`], [`cli`] | the tokio thread of the window; the commands. Neither imports the other |
//! | 7 | [`services`] | opens the data folder once; hands out store, http, secrets, clock |
//! | 6 | [`tunnel`], [`recipes`] | a public address for the receiver: opened, tested, kept; every third-party tool of Kinde's guides |
//! | 5 | [`inspector`], [`connect`], [`webhooks`] | judging what arrives or is pasted; the walk of a connected app; webhooks kept, changed, triggered |
//! | 4 | [`tenant`], [`sandbox`] | profiles and the doctor; the tenant on this machine |
//! | 3 | [`kinde`], [`providers`], [`mail`] | Kinde's wire; the providers' wire; whether mail can be sent |
//! | 2 | [`secrets`], [`net`], [`store`], [`jwt`], [`report`] | what is kept, what is sent, what a token is, what a panic leaves |
//! | 1 | [`error`], [`clock`], [`check`], [`step`], [`dotenv`], [`assets`] | plain data everything shares |
//!
//! The UI thread owns all state; the backend owns all resources.
//!
//! # The way of the data
//!
//! A screen pushes an [`action::Action`]; [`app::Shell`] applies it to its state and gives out [`app::Order`]s; the
//! window hands them to [`backend::Backend`], whose jobs call the domain rooms and send [`backend::Event`]s back. Every
//! job has a number: a screen drops answers of a job it no longer waits for.
//!
//! # Where this differs from the house plan
//!
//! - A long job of a domain room does not take `&Services`: services are layer 7, the rooms lie below. It takes the
//!   [`tenant::Tenant`] (or [`connect::Ends`]) that the services made for it.
//! - The plain `Command` and `Event` types of a room's backend file are named by its screen too. A second enum of the
//!   same cases in between would only be copied from one to the other.
#![cfg_attr(
    test,
    allow(
        clippy::print_stdout,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::disallowed_methods,
        reason = "a test may stop at the first surprise"
    )
)]

pub mod action;
pub mod app;
pub mod assets;
pub mod backend;
pub mod check;
pub mod cli;
pub mod clock;
pub mod connect;
pub mod dotenv;
pub mod error;
pub mod inspector;
pub mod jwt;
pub mod kinde;
pub mod mail;
pub mod net;
pub mod providers;
pub mod recipes;
pub mod report;
pub mod sandbox;
pub mod screens;
pub mod secrets;
pub mod services;
pub mod step;
pub mod store;
pub mod tenant;
pub mod tunnel;
pub mod ui;
pub mod webhooks;
