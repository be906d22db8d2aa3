//! LOGIN (draft-murchison-sasl-login-00): two questions, two answers, whatever the questions say.

use super::plain::brief;
use super::server::{Ask, Setup, Verifier, utf8};
use super::{Credentials, Heard, Mechanism, SaslError, Say, Told, shown_or_empty};
use crate::wire::secret::{MASK, Secret};

/// The client's side.
#[derive(Debug)]
pub struct Login {
    user: String,
    password: Secret,
    answered: u8,
    told: Vec<Told>,
}

impl Login {
    /// Waits for the first question.
    pub fn new(who: &Credentials) -> Self {
        Self {
            user: who.user.clone(),
            password: who.secret.clone(),
            answered: 0,
            told: Vec::new(),
        }
    }
}

impl Mechanism for Login {
    fn name(&self) -> &'static str {
        "LOGIN"
    }

    fn client_first(&self) -> bool {
        false
    }

    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError> {
        let question = match heard {
            Heard::Nothing => return Ok(Say::Listen),
            Heard::Success if self.answered == 2 => return Ok(Say::Satisfied),
            Heard::Success => {
                return Err(SaslError::new(
                    "the server said yes before it heard user and password",
                ));
            }
            Heard::Challenge(question) => question,
        };
        self.answered += 1;
        let asked = if question.is_empty() {
            "an empty question".into()
        } else {
            format!("the server asks {:?}", brief(question))
        };
        let (told, answer) = match self.answered {
            1 => (
                Told::sent(format!("user {}", shown_or_empty(&self.user))),
                Secret::new(self.user.as_str()),
            ),
            2 => (
                Told::sent(format!("password {MASK}")).field(format!(
                    "password {MASK}: as it is; base64 hides nothing, only TLS does"
                )),
                self.password.clone(),
            ),
            // Not quoted: the server could send back the password that it has by now.
            _ => {
                return Err(SaslError::new(
                    "LOGIN has two questions, and the server asks a third",
                ));
            }
        };
        self.told.push(Told::heard(asked));
        self.told.push(told);
        Ok(Say::Send(answer))
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

/// The server's side.
#[derive(Debug)]
pub struct LoginVerifier {
    setup: Setup,
    user: Option<String>,
    asked: bool,
}

impl LoginVerifier {
    /// Asks first, unless the user name comes as an initial response.
    pub fn new(setup: &Setup) -> Self {
        Self {
            setup: setup.clone(),
            user: None,
            asked: false,
        }
    }
}

impl Verifier for LoginVerifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        let Some(answer) = from_client else {
            self.asked = true;
            return Ask::Challenge(b"Username:".to_vec());
        };
        if let Some(user) = &self.user {
            return self.setup.judge(user, "", answer);
        }
        match utf8(answer) {
            Ok("") if !self.asked => {
                self.asked = true;
                Ask::Challenge(b"Username:".to_vec())
            }
            Ok("") => Ask::Malformed("the user name is empty".into()),
            Ok(user) => {
                self.user = Some(user.into());
                Ask::Challenge(b"Password:".to_vec())
            }
            Err(ask) => ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_questions_in_any_words() {
        let who = Credentials::new("alice", Secret::new("wonderland"));
        let mut login = Login::new(&who);
        assert_eq!(login.step(Heard::Nothing), Ok(Say::Listen));
        assert_eq!(
            login.step(Heard::Challenge(b"User Name\0")),
            Ok(Say::Send(Secret::new("alice")))
        );
        assert_eq!(login.told()[0].text, "the server asks \"User Name␀\"");
        assert_eq!(
            login.step(Heard::Challenge(b"Password:")),
            Ok(Say::Send(Secret::new("wonderland")))
        );
        assert_eq!(login.told()[1].text, "password ••••");
        assert!(login.step(Heard::Challenge(b"PIN:")).is_err());
    }

    #[test]
    fn success_before_the_password_is_none() {
        let who = Credentials::new("alice", Secret::new("wonderland"));
        let mut login = Login::new(&who);
        assert!(login.step(Heard::Challenge(b"")).is_ok());
        assert!(login.step(Heard::Success).is_err());
    }
}
