//! Email: will Kinde be able to send? The form as Kinde asks for it, checked from this computer step by step, then what to
//! type into Kinde and what to do when Kinde says otherwise.
//!
//! Draws the state and pushes actions; every call is made by `backend::mail`.

mod domain;
mod draft;
mod env;
mod facts;
mod form;
mod handover;
mod headers;
mod look;
mod resend;
mod result;
mod run;
mod spf;
mod state;

use egui::{Align, Layout, ScrollArea, Ui, vec2};

pub use state::State;

use super::Cx;
use crate::action::Action;
use crate::ui::tabs;
use crate::ui::tokens::{size, space};
use run::Run;
use state::Tab;

/// From this width on, in points, the result stands beside the form.
const BESIDE: f32 = 820.0;
/// The widest a page of one column grows, in points.
const WIDE: f32 = 900.0;
/// How wide the form is beside it.
const FORM: f32 = 372.0;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if state.tab == Tab::Smtp {
        env::take_pasted(ui, state, cx, actions);
    }
    result::top(ui);
    tabs(
        ui,
        &mut state.tab,
        &[
            (Tab::Smtp, "SMTP", None),
            (Tab::Resend, "Resend", None),
            (Tab::Domain, "Sender domain", None),
            (Tab::Headers, "Received headers", None),
            (Tab::HandOver, "Hand-over", None),
        ],
    );
    ui.add_space(space::SM);
    match state.tab {
        Tab::Smtp => smtp(ui, state, cx, actions),
        Tab::Resend => {
            let mut filled = false;
            scroll(ui, "resend", |ui| {
                ui.set_max_width(ui.available_width().min(WIDE));
                filled = resend::ui(ui, &mut state.resend, &mut state.draft, cx, actions);
            });
            if filled {
                state.tab = Tab::Smtp;
            }
        }
        Tab::Domain => scroll(ui, "domain", |ui| {
            ui.set_max_width(ui.available_width().min(WIDE));
            domain::ui(ui, &mut state.domain, &mut state.draft, cx, actions);
        }),
        Tab::Headers => {
            let mut look_up = None;
            scroll(ui, "headers", |ui| {
                ui.set_max_width(ui.available_width().min(WIDE));
                look_up = headers::ui(ui, &mut state.headers);
            });
            if let Some(wanted) = look_up {
                state.tab = Tab::Domain;
                state.domain.fill(wanted);
            }
        }
        Tab::HandOver => scroll(ui, "hand-over", |ui| handover::ui(ui, state, cx, actions)),
    }
}

/// A page that scrolls as a whole.
fn scroll(ui: &mut Ui, id: &str, page: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(("email", id)).auto_shrink(false).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - space::SM);
        page(ui);
        ui.add_space(space::XL);
    });
}

fn smtp(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let whole = ui.available_rect_before_wrap();
    let (mut entered, mut then) = (false, None);
    let begun = std::mem::take(&mut state.show_result);
    // The buttons stay in sight however far the form is scrolled.
    let high = whole.height() - size::CONTROL - space::MD;
    let asked = if whole.width() < BESIDE {
        column(ui, vec2(whole.width(), high), |ui| {
            scroll(ui, "smtp", |ui| {
                entered = form::ui(ui, state, cx, actions);
                ui.add_space(space::MD);
                form::findings(ui, &mut state.draft);
                if begun {
                    ui.scroll_to_cursor(Some(Align::Min));
                }
                then = result::ui(ui, state, cx, actions);
            });
        });
        ui.add_space(space::SM);
        form::buttons(ui, state, entered, actions)
    } else {
        let mut asked = None;
        // Where nothing else stands there yet, what was found in the form needs no scrolling.
        let idle = matches!(state.run, Run::Idle);
        ui.horizontal_top(|ui| {
            column(ui, vec2(FORM, whole.height()), |ui| {
                column(ui, vec2(FORM, high), |ui| {
                    scroll(ui, "form", |ui| {
                        entered = form::ui(ui, state, cx, actions);
                        if !idle {
                            ui.add_space(space::SM);
                            form::findings(ui, &mut state.draft);
                        }
                    });
                });
                ui.add_space(space::SM);
                asked = form::buttons(ui, state, entered, actions);
            });
            ui.add_space(space::SM);
            column(ui, vec2(ui.available_width(), whole.height()), |ui| {
                scroll(ui, "result", |ui| {
                    if idle {
                        form::findings(ui, &mut state.draft);
                    }
                    then = result::ui(ui, state, cx, actions);
                });
            });
        });
        asked
    };
    if let Some(asked) = asked {
        state.check(asked, cx, actions);
    }
    match then {
        Some(result::Asked::Correct(correction)) => state.correct(&correction, cx, actions),
        Some(result::Asked::HandOver) => state.tab = Tab::HandOver,
        None => {}
    }
}

/// A part of the page of this size.
fn column(ui: &mut Ui, size: egui::Vec2, content: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_width(size.x);
        content(ui);
    });
}
