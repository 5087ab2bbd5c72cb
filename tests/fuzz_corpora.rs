//! The corpora of the fuzz targets on a stable toolchain: each input as it is, and changed a little in many ways.
//!
//! `tests/long/fuzz` runs the targets themselves, where a nightly toolchain and cargo-fuzz are. An input that one of them
//! finds is put into the corpus, so it stays found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise"
)]

#[path = "fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// A target.
type Target = fn(&[u8]);

/// Every target by its name, which is that of its corpus.
const ALL: [(&str, Target); 7] = [
    ("paste", targets::pasted),
    ("compact", targets::compact),
    ("header", targets::header),
    ("claims", targets::claims),
    ("jwks", targets::jwks),
    ("receiver", targets::received),
    ("import", targets::imported),
];

/// So many changed inputs for each one of a corpus.
const CHANGES: usize = 60;

/// A small generator: the same inputs at each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// What stands in inputs that break readers.
    fn piece(&mut self) -> &'static [u8] {
        const PIECES: [&[u8]; 14] = [
            b"\"",
            b"{",
            b"]",
            b".",
            b"\\u0000",
            b"\xff",
            b"\r\n\r\n",
            b"e999",
            b"null",
            b"=",
            b"%",
            b"\xe2\x80\xae",
            b"\0",
            b"-1",
        ];
        PIECES[self.below(PIECES.len())]
    }

    fn change(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(3) {
            let (at, end) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => bytes.truncate(at),
                2 if at < end => drop(bytes.drain(at..end)),
                3 if at < end => {
                    let twice = bytes[at..end].to_vec();
                    bytes.splice(end..end, twice);
                }
                _ => drop(bytes.splice(at..at, self.piece().iter().copied())),
            }
        }
        bytes
    }
}

#[test]
fn no_input_of_a_corpus_nor_a_changed_one_makes_a_target_panic_or_hang() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpora");
    for (name, target) in ALL {
        let mut inputs: Vec<_> =
            std::fs::read_dir(corpora.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{name} has a corpus");
        let mut chance = Chance(0x5abd_5abd_5abd_5abd);
        for path in inputs {
            let input = std::fs::read(&path).unwrap();
            // Shown where a target panics.
            println!("{name}: {}", path.file_name().unwrap().display());
            target(&input);
            for _ in 0..CHANGES {
                let changed = chance.change(&input);
                println!("{}", changed.escape_ascii());
                target(&changed);
            }
        }
    }
}
