//! The web application's secret that is kept, beside the client ID that it was kept with and beside no other.

use crate::recipes::{Content, From};
use crate::secrets::Secret;
use crate::ui::SecretDraft;

/// Said at the empty field.
pub(super) const LEFT_OUT: &str = "The one that is kept was not given with this client ID, so it is left out";

/// The two fields of a recipe that it stands between.
pub(super) struct WebSecret {
    /// The field of the client ID.
    pub id: String,
    /// The field of the secret.
    pub key: String,
    kept: Option<Kept>,
    /// It is out of its field, since that of the client ID names another one.
    out: bool,
}

/// A secret, and the client ID that it was kept with.
struct Kept {
    secret: Secret,
    of: String,
}

impl WebSecret {
    /// That of a recipe; `None` where it does not ask for both.
    pub fn of(content: &Content) -> Option<Self> {
        let key =
            |from: From| content.inputs.iter().find(|input| input.from == Some(from)).map(|input| input.key.clone());
        Some(Self { id: key(From::WebClientId)?, key: key(From::WebClientSecret)?, kept: None, out: false })
    }

    /// What stands in the field is kept with this client ID.
    pub fn keep(&mut self, secret: Secret, of: &str) {
        self.kept = Some(Kept { secret, of: of.to_owned() });
        self.out = false;
    }

    /// Takes the kept secret out of its field while `client_id` is another one, and puts it back with its own. What was typed
    /// since stays.
    pub fn settle(&mut self, client_id: &str, field: &mut SecretDraft) {
        let Some(Kept { secret, of }) = &self.kept else { return };
        let fits = client_id == of;
        if fits && self.out {
            self.out = false;
            if field.is_empty() {
                field.set(secret);
            }
        } else if !fits && !self.out && field.whole() == *secret {
            self.out = true;
            field.clear();
        }
    }

    /// True for the secret's key while it is out of its field.
    pub fn is_out(&self, key: &str) -> bool {
        self.out && self.key == key
    }
}
