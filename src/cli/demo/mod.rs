//! `palisade demo`: palisade at work on a simulated organization. Needs nothing but the binary.

mod live;
mod narrator;
mod place;
mod stage;
mod story;
mod strike;

use anyhow::Context;
use tokio::runtime::Builder;

use crate::cli::args::DemoArgs;
use crate::cli::aws::runtime;
use crate::cli::console::Console;
use crate::cli::demo::place::Place;
use crate::cli::exit::Exit;

pub(crate) fn run(args: &DemoArgs, console: Console) -> anyhow::Result<Exit> {
    let place = Place::prepare()?;
    if args.once {
        // One thread: the same story every time.
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start the async runtime")?;
        return runtime.block_on(story::tell(&place, args.listen, console));
    }
    let runtime = runtime()?;
    let exit = runtime.block_on(live::run(args, &place, console));
    runtime.shutdown_background();
    exit
}
