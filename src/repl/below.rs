//! What stands below an event at the desk: what it means, what changed, how to go on.

use super::desk::Desk;
use crate::proto::event::Event;
use crate::session::{Happening, Timed};
use crate::ui::render::Mark;

impl Desk {
    /// What stands below an event: what it means, what changed.
    pub(super) fn after(&mut self, index: usize, timed: &Timed) -> Vec<(Mark, String)> {
        let console = self.front.can_ask();
        let Some(seat) = self.seats.get_mut(index) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        if let Some(change) = seat.memory.note(&timed.what).filter(|_| console) {
            lines.push((Mark::Info, change));
        }
        match &timed.what {
            Happening::Engine(Event::Reply(reply)) => {
                // The steps of a login are told by its mechanism.
                let step =
                    reply.intermediate && matches!(reply.to.as_str(), "AUTH" | "AUTHENTICATE");
                if self.settings.explain && !step {
                    let told = super::teach::of_reply(seat, reply);
                    let sentence = told.sentence(self.settings.look.width);
                    lines.push((Mark::Meaning, sentence.text()));
                }
                if let Some(id) = super::teach::queue_id(reply).filter(|_| console) {
                    let text = format!("{id} is what to look for in the server's log");
                    lines.push((Mark::Meaning, text));
                }
                if let Some(exchange) = reply.exchange
                    && !reply.intermediate
                {
                    seat.late.remove(&exchange);
                    seat.given_up.remove(&exchange);
                }
            }
            Happening::Engine(Event::Offers(offers)) => {
                seat.offers = offers.clone();
            }
            Happening::Tls(_)
                if seat.session.engine().is_some_and(|e| e.due().is_empty()) && console =>
            {
                let again = seat.session.protocol().map_or("EHLO", |p| p.ask_offers);
                let verb = again.split(' ').next().unwrap_or(again);
                lines.push((
                    Mark::Info,
                    format!(
                        "what the server offered in the clear no longer counts: say {verb} again"
                    ),
                ));
            }
            Happening::Ended(None) if console => {
                let text = match (seat.untrusted, seat.said_goodbye || seat.closed) {
                    (true, _) => "not connected: :reconnect --insecure goes on without trust",
                    (false, true) => "connection closed",
                    (false, false) => "the server closed the connection; :reconnect opens it again",
                };
                lines.push((Mark::Info, text.to_owned()));
            }
            // Nobody's goodbye was answered: what is left in the input stays unsaid.
            Happening::Ended(None) if !(seat.untrusted || seat.said_goodbye || seat.closed) => {
                lines.push((Mark::Remark, "the server closed the connection".to_owned()));
            }
            Happening::Ended(Some(_)) if console => {
                lines.push((Mark::Info, ":reconnect opens it again".to_owned()));
            }
            _ => {}
        }
        lines
    }
}
