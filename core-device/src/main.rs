//! The programme `assent-core`: reads flags and configuration, starts the device or asks the running one.
//! What the device does is in the library.

mod cli;
mod logs;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // The device's work is waiting; two threads do it, and every further one costs memory.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli.run()),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("assent-core: {error:#}");
            ExitCode::FAILURE
        }
    }
}
