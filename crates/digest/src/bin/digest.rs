//! Prints digests of the engine that is linked in.

use std::env::args;
use std::process::ExitCode;

use tickseed_digest::command::{Command, Work};
use tickseed_digest::linked::Linked;
use tickseed_digest::{BUILD, Digest, Engine as _, Order, TARGET, describe};

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    let Some(command) = Command::read(&arguments) else {
        eprintln!("usage: digest {}", Command::USAGE);
        return ExitCode::FAILURE;
    };
    command.run(&mut Native { engine: Linked::new(), digest: Digest::new(Order::Scattered) });
    ExitCode::SUCCESS
}

struct Native {
    engine: Linked,
    digest: Digest,
}

impl Work for Native {
    fn target(&mut self) -> String {
        TARGET.to_owned()
    }

    fn build(&mut self) -> String {
        BUILD.to_owned()
    }

    fn version(&mut self) -> u32 {
        self.engine.version()
    }

    fn start(&mut self, order: Order) {
        self.digest = Digest::new(order);
    }

    fn advance(&mut self, states: u64) {
        self.digest.advance(&mut self.engine, states);
    }

    fn finish(&mut self) -> String {
        self.digest.so_far().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    fn describe(&mut self, order: Order, index: u64) -> String {
        let mut text = String::new();
        describe(&mut self.engine, order, index, &mut text).expect("a string takes everything");
        text
    }
}
