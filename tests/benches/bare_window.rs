//! The least eframe window there can be: what the panel's start, memory and idleness are held against.
//!
//! `--trace-frames` prints `frame N` on stderr as each frame begins, and asks for one more frame after the first: the
//! second begins when the first has been presented.
#![allow(clippy::print_stderr, reason = "the measuring script reads it")]

struct Bare {
    frame: Option<u64>,
}

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        if let Some(frame) = &mut self.frame {
            eprintln!("frame {frame}");
            if *frame == 0 {
                ui.ctx().request_repaint();
            }
            *frame += 1;
        }
        egui::CentralPanel::default().show(ui, |ui| ui.label("Bare window"));
    }
}

fn main() -> eframe::Result {
    let frame = std::env::args().any(|word| word == "--trace-frames").then_some(0);
    let options = eframe::NativeOptions {
        renderer: eframe::Renderer::Glow,
        viewport: egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]),
        ..eframe::NativeOptions::default()
    };
    eframe::run_native("bare-window", options, Box::new(move |_| Ok(Box::new(Bare { frame }))))
}
