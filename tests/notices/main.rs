//! Prints the notices that go with the binary, for `make notices`.

#![allow(
    clippy::unwrap_used,
    reason = "without the sources there is nothing to print"
)]
#![allow(clippy::print_stdout, reason = "that is what it is for")]

mod text;

fn main() {
    print!("{}", text::notices());
}
