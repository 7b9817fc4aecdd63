//! The three ways to say what an endpoint answers: one reply, a list of them, or code.

use super::reply::Reply;
use super::request::Request;

/// Answers each request; it may be called by several threads at once.
pub(super) type Script = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

/// Whatever can answer requests.
///
/// A list answers the first, second, ... request, and its last reply repeats. A closure names the
/// type of its argument: `|request: &Request| ...`.
pub(crate) trait IntoScript {
    /// Turns it into code.
    fn into_script(self) -> Script;
}

impl IntoScript for Reply {
    fn into_script(self) -> Script {
        [self].into_script()
    }
}

impl<const COUNT: usize> IntoScript for [Reply; COUNT] {
    fn into_script(self) -> Script {
        const { assert!(COUNT > 0, "a script without a reply") };
        Box::new(move |request| self[request.number.min(COUNT) - 1].clone())
    }
}

impl<F> IntoScript for F
where
    F: Fn(&Request) -> Reply + Send + Sync + 'static,
{
    fn into_script(self) -> Script {
        Box::new(self)
    }
}
