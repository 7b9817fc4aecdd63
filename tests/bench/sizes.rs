//! What large documents and large replies cost.
//!
//! That memory is linear shows in its slope: what each further byte takes. It is the same for
//! large documents as for small ones, whatever they hold; were memory to grow with the square, it
//! would be four times as much for the second pair of sizes here. Buffers grow by doubling, and an
//! allocation shows in whole pages, so half as much again still counts as the same.

use std::path::Path;

use crate::bounds::{Bounds, count};
use crate::contender::{Contender, refresh_args};
use crate::documents::{Filler, Folder, object};
use crate::server::{Endpoint, Reply, Request};

/// Runs of one document size.
const ROUNDS: usize = 40;

/// The sizes of documents and of replies whose memory is compared, in KiB.
const SIZES: [usize; 3] = [64, 256, 1024];

/// How much steeper than at first memory may grow.
const SAME_SLOPE: f64 = 1.5;

/// The time that documents of several sizes take, in turns.
pub(crate) fn compare_times(
    sftoken: &Path,
    folder: &Folder,
    endpoint: &Endpoint,
    bounds: &mut Bounds,
) {
    let mut contenders = [("1 KiB", 1), ("32 KiB", 32), ("1 MiB", 1024)].map(|(name, kib)| {
        let args = refresh_args(&folder.document(kib), endpoint);
        Contender::new(name, sftoken, &args, endpoint)
    });
    for _ in 0..ROUNDS {
        contenders.iter_mut().for_each(Contender::run);
    }
    println!("\n{:<24}{:>10}", "document", "wall/ms");
    for contender in &contenders {
        println!("{:<24}{:>10.2}", contender.name, contender.wall());
    }
    let [small, _, large] = contenders.map(|it| it.wall());
    bounds.at_most("1 MiB against 1 KiB / ms", large - small, 25.0);
}

/// The memory that documents take with replies as large as they are, of two kinds.
pub(crate) fn compare_memory(sftoken: &Path, folder: &Folder, bounds: &mut Bounds) {
    println!(
        "\n{:<24}{:>12}{:>12}{:>12}",
        "peak/KiB, each", "64 KiB", "256 KiB", "1 MiB"
    );
    for (name, filler) in [("strings", Filler::Strings), ("digits", Filler::Digits)] {
        let peaks = [false, true].map(|replies| {
            let peaks = SIZES.map(|kib| peak(sftoken, folder, kib, filler, replies));
            let row = if replies {
                "document and reply"
            } else {
                "document"
            };
            println!(
                "{:<24}{:>12}{:>12}{:>12}",
                format!("{row}, {name}"),
                peaks[0],
                peaks[1],
                peaks[2]
            );
            peaks
        });
        for (row, [small, middle, large]) in ["document", "document and reply"].iter().zip(peaks) {
            let first = (middle - small) / count(SIZES[1] - SIZES[0]);
            let second = (large - middle) / count(SIZES[2] - SIZES[1]);
            bounds.at_most(
                &format!("slope of memory, {row}, {name}"),
                second / first,
                SAME_SLOPE,
            );
        }
    }
}

/// Peak memory in KiB with a document of this size, and a reply of that size too, or a small one.
fn peak(sftoken: &Path, folder: &Folder, kib: usize, filler: Filler, replies: bool) -> f64 {
    // A small reply with the filler of a document would replace that.
    let (size, reply_filler) = if replies {
        (kib, filler)
    } else {
        (1, Filler::Strings)
    };
    let reply = object("access_token", "00D!bench", size, reply_filler);
    let endpoint = Endpoint::builder()
        .tls13()
        .start(move |_: &Request| Reply::json(200, reply.clone()));
    let args = refresh_args(&folder.filled(kib, filler), &endpoint);
    Contender::new("memory", sftoken, &args, &endpoint).memory()
}
