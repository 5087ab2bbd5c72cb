//! The window over the history: how long state and layout of a frame take while somebody scrolls and while 500 webhooks a
//! second arrive, and how long it is from a request's last byte to the frame in which its row is laid out.
//!
//! The window is the real one with the real backend, in a process of its own; its frames are not painted. Senders and
//! window share the machine. The webhooks are signed by the sandbox's key before, and verified as they arrive.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use egui::epaint::Shape;
use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, pos2, vec2};
use kinde_panel::action::InspectorAsk;
use serde_json::{Map, Value, json};

use super::paced::{self, Sent};
use super::signer::Signer;
use super::unpainted::Unpainted;

/// Points a frame: 14 rows.
const SCROLLED: f32 = 400.0;

/// How long each of them is measured, in seconds.
fn seconds() -> u64 {
    std::env::var("KINDE_PANEL_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

/// Measures over the data folder `folder`. In milliseconds.
pub fn measure(folder: &Path) -> Map<String, Value> {
    let signer = Signer::of(folder);
    let mut next = 0;
    let mut bodies = |rate: u32| {
        let first = next;
        next += seconds() * u64::from(rate);
        let bodies = (first..next).map(|number| webhook(&signer, number)).collect::<Vec<_>>();
        (bodies, first, rate)
    };
    let plans = [bodies(100), bodies(500), bodies(500)];
    let mut window = Unpainted::over(folder);
    window.ask(InspectorAsk::Listen);
    let url = window.address();
    let length = Duration::from_secs(seconds());
    let [visible, arriving, both] = plans;
    let begin = |(bodies, first, rate): (Vec<String>, u64, u32)| paced::send(&url, bodies, first, rate);
    let mut told = Map::new();
    told.insert("visible".to_owned(), json!(shown(&mut window, &begin(visible), length)));
    let sent = begin(arriving);
    told.insert("arriving".to_owned(), json!(drawn(&mut window, length, false)));
    assert!(sent.iter().count() as u64 == seconds() * 500, "they all arrive");
    told.insert("scrolling".to_owned(), json!(drawn(&mut window, length, true)));
    let sent = begin(both);
    told.insert("scrolling, arriving".to_owned(), json!(drawn(&mut window, length, true)));
    assert!(sent.iter().count() as u64 == seconds() * 500, "they all arrive");
    told
}

fn webhook(signer: &Signer, number: u64) -> String {
    signer.sign(&json!({
        "type": "user.updated", "event_id": format!("event_{number:032x}"), "source": "admin",
        "timestamp": "2026-11-24T00:00:00Z",
        "data": {"user": {"id": format!("kp_{number:032x}"), "email": email(number), "first_name": "Grace"}},
    }))
}

fn email(number: u64) -> String {
    format!("grace.{number}@example.com")
}

/// Draws for so long; how long the frames took, the 99th of a hundred.
fn drawn(window: &mut Unpainted, length: Duration, scrolling: bool) -> f64 {
    let (end, mut all) = (Instant::now() + length, Vec::new());
    while Instant::now() < end {
        let input = if scrolling {
            // As the hand moves the wheel, with every picture.
            window.wait(Instant::now() + Duration::from_millis(16));
            wheel()
        } else if window.wait(end) {
            Vec::new()
        } else {
            break;
        };
        all.push(window.frame(input).0.as_secs_f64() * 1_000.0);
    }
    println!("{} frames", all.len());
    percentile(all, 99)
}

fn wheel() -> Vec<Event> {
    let wheel = Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, -SCROLLED),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    };
    vec![Event::PointerMoved(pos2(700.0, 500.0)), wheel]
}

/// From the last byte of each request to the end of the frame that has its row, the 95th of a hundred. A row that never
/// showed took for ever.
fn shown(window: &mut Unpainted, sent: &Receiver<Sent>, length: Duration) -> f64 {
    let end = Instant::now() + length + Duration::from_secs(2);
    let mut seen: HashMap<u64, Instant> = HashMap::new();
    while window.wait(end) {
        let shapes = window.frame(Vec::new()).1;
        let now = Instant::now();
        for clipped in &shapes {
            texts(&clipped.shape, &mut |text, place| {
                let number = text.strip_prefix("grace.").and_then(|rest| rest.strip_suffix("@example.com"));
                if let Some(number) = number.filter(|_| clipped.clip_rect.intersects(place)) {
                    seen.entry(number.parse().unwrap()).or_insert(now);
                }
            });
        }
    }
    println!("{} rows seen", seen.len());
    let took = |sent: Sent| {
        let seen = seen.get(&sent.number);
        seen.map_or(f64::INFINITY, |seen| seen.saturating_duration_since(sent.at).as_secs_f64() * 1_000.0)
    };
    percentile(sent.iter().map(took).collect(), 95)
}

fn texts(shape: &Shape, each: &mut impl FnMut(&str, egui::Rect)) {
    match shape {
        Shape::Text(text) => each(text.galley.text(), text.visual_bounding_rect()),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, each)),
        _ => {}
    }
}

fn percentile(mut all: Vec<f64>, of_a_hundred: usize) -> f64 {
    assert!(all.len() > 50, "{} are too few", all.len());
    all.sort_by(f64::total_cmp);
    all[all.len() * of_a_hundred / 100]
}
