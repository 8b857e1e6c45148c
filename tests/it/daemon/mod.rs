//! The daemon on the simulated cloud, in paused time, in temporary directories.

mod adversity;
mod emergency;
mod events;
mod everyday;
mod leaving;
mod measured;
mod passes;
mod process;
mod restart;
mod stage;
mod told;
