//! The daemon on the simulated cloud, in paused time, in temporary directories.

mod measured;
