//! Who is in front of the desk: a person at an editor, or a pipe.
//!
//! The desk asks its questions through here. A pipe is never asked: a question then fails with the
//! name of the option that answers it.

use std::fmt;
use tokio::sync::mpsc::UnboundedReceiver;

use super::complete::View;
use crate::error::{Error, Result};
use crate::wire::secret::Secret;

/// What the desk asks of the editor.
#[derive(Debug)]
pub enum ToEditor {
    /// Read a line.
    Read(Box<Reading>),
    /// Ask a question; the answer is seen.
    Ask(String),
    /// Read a console line, its colon left out, with what tells its secrets.
    Console(String, Option<Box<View>>),
    /// Ask a question; the answer is not echoed.
    Secret(String),
    /// Text to edit in the person's own editor.
    Edit(String),
    /// There is no more to do.
    Quit,
}

/// What a line is read with.
#[derive(Debug)]
pub struct Reading {
    /// The prompt.
    pub prompt: String,
    /// True for protocol and console commands: history, completion and hints apply.
    pub command: bool,
    /// What completion and hints know.
    pub view: Option<View>,
    /// Lines to add to the history before.
    pub remember: Vec<String>,
    /// The whole history, when another protocol's begins.
    pub history: Option<std::sync::Arc<Vec<String>>>,
}

/// What the editor answers.
pub enum FromEditor {
    /// A line, or several that were pasted.
    Line(String),
    /// A secret.
    Secret(Secret),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-]: a console line is wanted.
    ConsoleLine,
    /// Ctrl-D at an empty prompt.
    Eof,
    /// Reading failed for good.
    Failed(String),
}

impl fmt::Debug for FromEditor {
    /// A typed line may hold anything, passwords included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line(_) => "Line",
            Self::Secret(_) => "Secret",
            Self::Interrupted => "Interrupted",
            Self::ConsoleLine => "ConsoleLine",
            Self::Eof => "Eof",
            Self::Failed(_) => "Failed",
        })
    }
}

/// Who is in front.
#[derive(Debug)]
pub enum Front {
    /// A person.
    Editor {
        /// To the editor's thread.
        to: std::sync::mpsc::Sender<ToEditor>,
        /// From it.
        from: UnboundedReceiver<FromEditor>,
    },
    /// A pipe or a file.
    Batch,
}

impl Front {
    /// True when a person can be asked.
    pub fn can_ask(&self) -> bool {
        matches!(self, Self::Editor { .. })
    }

    /// Asks; `None` when the person declined with Ctrl-C or Ctrl-D.
    ///
    /// # Errors
    /// `Usage` naming `option` in batch; `Local` when the terminal is gone.
    pub async fn ask(&mut self, question: &str, option: &str) -> Result<Option<String>> {
        match self
            .exchange(ToEditor::Ask(question.to_owned()), question, option)
            .await?
        {
            FromEditor::Line(line) => Ok(Some(line)),
            _ => Ok(None),
        }
    }

    /// Asks for a yes: the whole word, since what is asked for cannot be undone. Whoever types a y
    /// is told so, once.
    ///
    /// # Errors
    /// As `ask`.
    pub async fn yes(&mut self, question: &str, option: &str) -> Result<bool> {
        let mut answer = self.ask(question, option).await?;
        if answer
            .as_deref()
            .is_some_and(|a| a.trim().eq_ignore_ascii_case("y"))
        {
            answer = self.ask("the whole word, yes: ", option).await?;
        }
        Ok(answer.is_some_and(|a| a.trim().eq_ignore_ascii_case("yes")))
    }

    /// Reads a console line, whatever is being typed; `None` as `ask`.
    ///
    /// # Errors
    /// As `ask`.
    pub async fn console_line(&mut self, view: Option<View>) -> Result<Option<String>> {
        let asked = ToEditor::Console("ehlo: ".to_owned(), view.map(Box::new));
        match self.exchange(asked, "ehlo: ", "a console").await? {
            FromEditor::Line(line) => Ok(Some(line)),
            _ => Ok(None),
        }
    }

    /// Asks without echo.
    ///
    /// # Errors
    /// As `ask`.
    pub async fn secret(&mut self, question: &str, option: &str) -> Result<Option<Secret>> {
        match self
            .exchange(ToEditor::Secret(question.to_owned()), question, option)
            .await?
        {
            FromEditor::Secret(secret) => Ok(Some(secret)),
            _ => Ok(None),
        }
    }

    /// Lets the person edit a text.
    ///
    /// # Errors
    /// As `ask`.
    pub async fn edit(&mut self, text: String) -> Result<Option<String>> {
        match self
            .exchange(ToEditor::Edit(text), "an editor", "a terminal")
            .await?
        {
            FromEditor::Line(text) => Ok(Some(text)),
            FromEditor::Failed(why) => Err(Error::local(why)),
            _ => Ok(None),
        }
    }

    async fn exchange(
        &mut self,
        what: ToEditor,
        question: &str,
        option: &str,
    ) -> Result<FromEditor> {
        let Self::Editor { to, from } = self else {
            let question = question.trim_end_matches([':', ' ']);
            return Err(
                Error::usage(format!("\"{question}\" cannot be asked here")).hint("give", option)
            );
        };
        to.send(what).map_err(|_| gone())?;
        from.recv().await.ok_or_else(gone)
    }
}

fn gone() -> Error {
    Error::local("the terminal is gone")
}
