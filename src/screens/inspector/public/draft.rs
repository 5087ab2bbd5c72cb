//! What the form holds: which tunnel, which webhook, and what a person agreed to.

use uuid::Uuid;

use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::public::{Command, Offered, WebhookWish};
use crate::kinde::Webhook;
use crate::screens::{Cx, give_up};
use crate::tenant::{Profile, PublicChoices};
use crate::tunnel::{Consent, Found, Way, Wish, consent};
use crate::ui::Load;
use crate::webhooks::{AtLimit, BORROWED_NAME};

/// The form.
pub(super) struct Draft {
    pub profile: Uuid,
    pub job: JobId,
    port: Option<u16>,
    /// What there is to choose from.
    pub offered: Load<Offered>,
    /// No tunnel: a Kinde of this machine delivers here itself.
    pub straight: bool,
    pub way: Way,
    pub own: String,
    pub server: String,
    pub name_wanted: String,
    /// The person chose, or chose before: nothing better is put in its place.
    pub chosen: bool,
    /// The person agrees to what the way means.
    pub agreed: bool,
    pub name: String,
    /// Every type there is.
    pub all: bool,
    pub types: Vec<String>,
    pub instead_of: Option<Webhook>,
    /// The plan has no room for another webhook.
    pub limit: bool,
}

/// True where the Management API can be asked.
pub(super) fn can_ask(profile: &Profile) -> bool {
    profile.is_sandbox() || profile.client_id.is_some()
}

/// A Kinde on this machine may deliver to this machine.
pub(super) fn on_this_machine(profile: &Profile) -> bool {
    profile.is_sandbox() || profile.domain.as_ref().is_some_and(crate::kinde::Domain::is_loopback)
}

impl Draft {
    /// The form as it opens: with what was refused just now, else with what was chosen last.
    pub fn of(profile: &Profile, before: Option<(Option<Wish>, WebhookWish)>, limit: bool) -> Self {
        let kept = profile.public.wish.clone().and_then(|wish| serde_json::from_value::<Wish>(wish).ok());
        let (through, webhook) = match before {
            Some((through, webhook)) => (Some(through), webhook),
            None => (kept.map(Some), WebhookWish::default()),
        };
        let chosen = through.is_some();
        let straight = match &through {
            Some(through) => through.is_none(),
            None => on_this_machine(profile),
        };
        let wish = through.flatten().unwrap_or_default();
        Self {
            profile: profile.id,
            job: 0,
            port: None,
            offered: Load::default(),
            straight,
            way: wish.way,
            own: wish.own.unwrap_or_default(),
            server: wish.server.unwrap_or_default(),
            name_wanted: wish.name.unwrap_or_default(),
            chosen,
            agreed: false,
            name: if webhook.name.is_empty() { BORROWED_NAME.to_owned() } else { webhook.name },
            all: webhook.event_types.is_empty(),
            types: webhook.event_types,
            instead_of: webhook.instead_of,
            limit,
        }
    }

    /// Asks what there is to choose from.
    pub fn look(&mut self, port: Option<u16>, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.port = port;
        self.look_again(cx, actions);
    }

    pub fn look_again(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.offered.start();
        self.job = cx.job();
        let command = Command::Offer { profile: self.profile, port: self.port, wish: Box::new(self.wish()) };
        actions.push(Action::Run(self.job, command.into()));
    }

    /// What there is to choose from: where nobody chose yet, the best of it.
    pub fn took(&mut self, offered: Offered) {
        if !self.chosen && !self.straight {
            let running = offered.ways.iter().find(|offer| matches!(offer.state, Found::Running(_)));
            let ready = || offered.ways.iter().find(|offer| offer.state == Found::Ready && offer.way != Way::Own);
            self.way = running.or_else(ready).map_or(self.way, |offer| offer.way);
        }
        if let (Some(old), Ok(webhooks)) = (&self.instead_of, &offered.webhooks) {
            // As it is now: what was shown before may have changed.
            self.instead_of = webhooks.iter().find(|it| it.id == old.id).cloned();
        }
        self.offered.ready(offered);
    }

    pub fn ended(&mut self, job: JobId, end: End) {
        if self.job == job && self.offered.is_loading() {
            give_up(&mut self.offered, end);
        }
    }

    fn wish(&self) -> Wish {
        let text = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (own, server, name) = match self.way {
            Way::Own => (text(&self.own), None, None),
            Way::Localtunnel => (None, text(&self.server), text(&self.name_wanted)),
            Way::Ngrok => (None, text(&self.server), None),
            Way::Cloudflared => (None, None, None),
        };
        Wish { way: self.way, own, server, name }
    }

    /// The tunnel that is wanted; `None` without one.
    pub fn through(&self) -> Option<Wish> {
        (!self.straight).then(|| self.wish())
    }

    /// What is wrong with what was typed of the tunnel.
    pub fn wish_error(&self) -> Option<crate::error::UserError> {
        self.through().and_then(|wish| wish.check().err())
    }

    pub fn webhook(&self) -> WebhookWish {
        let standing = self.instead_of.is_some();
        WebhookWish {
            name: self.name.trim().to_owned(),
            event_types: if self.all { Vec::new() } else { self.types.clone() },
            instead_of: self.instead_of.clone(),
            at_limit: if standing { AtLimit::DeleteFirst } else { AtLimit::Refuse },
        }
    }

    /// What has to be agreed to first.
    pub fn consent(&self, profile: &Profile) -> Consent {
        if self.straight { Consent::Given } else { consent(self.way, profile) }
    }

    /// What is remembered with the profile.
    pub fn choices(&self, profile: &Profile) -> PublicChoices {
        let mut choices = profile.public.clone();
        choices.wish = self.through().and_then(|wish| serde_json::to_value(wish).ok());
        match self.consent(profile) {
            Consent::Given => {}
            Consent::Ask(_) => choices.localtunnel_allowed = true,
            Consent::AskLive(_) => choices.live_allowed = true,
        }
        choices
    }

    /// Why it cannot begin; `None` where it can.
    pub fn why_not(&self, profile: &Profile) -> Option<&'static str> {
        if !can_ask(profile) {
            return Some("It takes the profile's M2M application");
        }
        if self.wish_error().is_some() {
            return Some("The address cannot be used like this");
        }
        if matches!(self.consent(profile), Consent::AskLive(_)) && !self.agreed {
            return Some("Allow it for this live environment first");
        }
        if self.name.trim().is_empty() {
            return Some("The webhook needs a name");
        }
        if !self.all && self.types.is_empty() {
            return Some("Choose at least one event type");
        }
        if self.offered.value().is_some_and(|offered| offered.webhooks.is_err()) {
            return Some("The tenant's webhooks cannot be read");
        }
        None
    }
}
