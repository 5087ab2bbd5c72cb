//! What a tenant should have for a recipe: plain data, nothing sent.

use crate::kinde::{Addresses, Definition};
use crate::net::Value;

/// One thing that a tenant should have.
#[derive(Debug, Clone)]
pub enum Wish {
    /// An address of an application, letter for letter.
    Address {
        /// Which list.
        list: Addresses,
        /// The application's client ID.
        application: String,
        /// The address.
        url: String,
    },
    /// An environment variable for workflows.
    Variable {
        /// Its name.
        key: String,
        /// Its value.
        value: Value,
        /// Sensitive: Kinde does not give it back.
        is_secret: bool,
    },
    /// A webhook of that endpoint with these event types at least.
    Webhook(Definition),
}

impl Wish {
    /// A callback of an application.
    pub fn callback(application: &str, url: &str) -> Self {
        Self::Address { list: Addresses::Callback, application: application.to_owned(), url: url.to_owned() }
    }

    /// A logout address of an application.
    pub fn logout(application: &str, url: &str) -> Self {
        Self::Address { list: Addresses::Logout, application: application.to_owned(), url: url.to_owned() }
    }

    /// What it is, in a few words, without secrets.
    pub fn words(&self) -> String {
        match self {
            Self::Address { list, url, .. } => format!("{url} among {}", list.title()),
            Self::Variable { key, is_secret: true, .. } => format!("The sensitive environment variable {key}"),
            Self::Variable { key, .. } => format!("The environment variable {key}"),
            Self::Webhook(webhook) => format!("A webhook for {}", webhook.endpoint),
        }
    }

    /// The scopes that making it takes.
    pub fn scopes(&self) -> Vec<String> {
        match self {
            Self::Address { list, .. } => vec![list.scope("read"), list.scope("create")],
            Self::Variable { .. } => {
                ["read", "create", "update"].map(|verb| format!("{verb}:environment_variables")).into()
            }
            Self::Webhook(_) => ["read:webhooks", "create:webhooks"].map(str::to_owned).into(),
        }
    }
}
