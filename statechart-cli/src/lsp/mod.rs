//! `statechart lsp`: the language server.
//!
//! ```text
//! stdin ─wire─▶ messages ─queue─▶ Server ─┬─ documents (open buffers, then the disk)
//!                  │                      ├─ answers, rename ─▶ statechart_lang::ide
//!                  └─ cancelled ids       └─ publish ─▶ statechart_lang::compile
//! ```
//!
//! One thread reads, one answers: requests are answered in order, those that were cancelled while they waited
//! with the error that says so. Diagnostics are published when nothing waits, so that typing fast costs one check.

mod answers;
mod documents;
mod position;
mod publish;
mod rename;
mod wire;
mod words;

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use clap::Args;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CancelParams, CompletionOptions, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, HoverProviderCapability, InitializeParams, InitializeResult, NumberOrString,
    OneOf, PositionEncodingKind, RenameOptions, ServerCapabilities, ServerInfo, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, WorkDoneProgressOptions,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::Outcome;
use crate::error::Error;
use documents::Documents;
use position::Encoding;
use publish::Published;
use wire::Incoming;

/// Serve editors over stdin and stdout, by the language server protocol.
#[derive(Debug, Args)]
#[command(after_help = "\
Editors start this by themselves; statechart-cli/editors/README.md says how to set them up.

It answers: diagnostics, definition, references, rename, hover, completion, document symbols, formatting.
Imports are read from open buffers first, then from the disk. The exit code is 0 after `shutdown` and `exit`.")]
pub(crate) struct Lsp {}

/// Messages that wait to be handled; the reader waits while there are more.
const QUEUE_LIMIT: usize = 64;

/// Ids of cancelled requests that are remembered until the requests come.
const CANCELLED_LIMIT: usize = 1_000;

type Cancelled = Arc<Mutex<BTreeSet<String>>>;

impl Lsp {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let cancelled = Cancelled::default();
        let (sender, receiver) = mpsc::sync_channel(QUEUE_LIMIT);
        let noted = Arc::clone(&cancelled);
        // It ends with stdin, or with the process.
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let incoming = wire::read(&mut input);
                let last = matches!(incoming, Incoming::End | Incoming::Lost(_));
                if let Incoming::Message(Message::Notification(note)) = &incoming
                    && note.method == "$/cancelRequest"
                {
                    note_cancelled(&noted, note);
                    continue;
                }
                if sender.send(incoming).is_err() || last {
                    return;
                }
            }
        });
        let mut server = Server {
            documents: Documents::default(),
            encoding: Encoding::Utf16,
            phase: Phase::New,
            cancelled,
            published: Published::default(),
        };
        loop {
            let incoming = match receiver.try_recv() {
                Ok(incoming) => incoming,
                Err(mpsc::TryRecvError::Disconnected) => return Ok(Outcome::Bad),
                Err(mpsc::TryRecvError::Empty) => {
                    // Nobody waits for an answer: time to check what changed.
                    for note in server.publish() {
                        wire::write(&note.into())?;
                    }
                    match receiver.recv() {
                        Ok(incoming) => incoming,
                        Err(mpsc::RecvError) => return Ok(Outcome::Bad),
                    }
                }
            };
            match incoming {
                Incoming::Message(Message::Request(request)) => {
                    let response = server.request(request);
                    wire::write(&response.into())?;
                }
                Incoming::Message(Message::Notification(note)) if note.method == "exit" => {
                    return Ok(if matches!(server.phase, Phase::Ended) {
                        Outcome::Good
                    } else {
                        Outcome::Bad
                    });
                }
                Incoming::Message(Message::Notification(note)) => server.notification(note),
                // We ask nothing, so nothing is an answer.
                Incoming::Message(Message::Response(_)) => {}
                Incoming::Garbage(why) => wire::refuse(&why)?,
                Incoming::Lost(why) => {
                    wire::refuse(&why)?;
                    return Err(Error::Read { path: "stdin".to_owned(), why });
                }
                Incoming::End => return Ok(Outcome::Bad),
            }
        }
    }
}

fn note_cancelled(cancelled: &Cancelled, note: &Notification) {
    let Ok(params) = serde_json::from_value::<CancelParams>(note.params.clone()) else { return };
    let id = match params.id {
        NumberOrString::Number(number) => RequestId::from(number),
        NumberOrString::String(text) => RequestId::from(text),
    };
    let mut ids = cancelled.lock().unwrap_or_else(PoisonError::into_inner);
    if ids.len() >= CANCELLED_LIMIT {
        ids.clear();
    }
    ids.insert(id.to_string());
}

/// Where the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    Ended,
}

/// Everything between two messages.
struct Server {
    documents: Documents,
    encoding: Encoding,
    phase: Phase,
    cancelled: Cancelled,
    published: Published,
}

/// Why a request has no result.
struct Refused {
    code: ErrorCode,
    why: String,
}

impl Refused {
    fn params(why: impl ToString) -> Self {
        Self { code: ErrorCode::InvalidParams, why: why.to_string() }
    }

    fn failed(why: impl ToString) -> Self {
        Self { code: ErrorCode::RequestFailed, why: why.to_string() }
    }
}

impl Server {
    fn request(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let cancelled =
            self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).remove(&request.id.to_string());
        let result = if cancelled {
            Err(Refused { code: ErrorCode::RequestCanceled, why: "cancelled".to_owned() })
        } else {
            self.answer(request)
        };
        match result {
            Ok(value) => Response { id, result: Some(value), error: None },
            Err(refused) => Response::new_err(id, refused.code as i32, refused.why),
        }
    }

    fn answer(&mut self, request: Request) -> Result<serde_json::Value, Refused> {
        match (self.phase, request.method.as_str()) {
            (Phase::New, "initialize") => return self.initialize(request),
            (Phase::New, _) => {
                let why = "the first request is `initialize`".to_owned();
                return Err(Refused { code: ErrorCode::ServerNotInitialized, why });
            }
            (Phase::Ended, _) | (_, "initialize") => {
                let why = format!("`{}` is out of place", request.method);
                return Err(Refused { code: ErrorCode::InvalidRequest, why });
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::Ended;
                return Ok(serde_json::Value::Null);
            }
            (Phase::Running, _) => {}
        }
        match request.method.as_str() {
            "textDocument/definition" => self.with(request, Self::definition),
            "textDocument/references" => self.with(request, Self::references),
            "textDocument/prepareRename" => self.with(request, Self::prepare_rename),
            "textDocument/rename" => self.with(request, Self::rename),
            "textDocument/hover" => self.with(request, Self::hover),
            "textDocument/completion" => self.with(request, Self::completion),
            "textDocument/documentSymbol" => self.with(request, Self::symbols),
            "textDocument/formatting" => self.with(request, Self::formatting),
            unknown => Err(Refused {
                code: ErrorCode::MethodNotFound,
                why: format!("this server does not answer `{unknown}`"),
            }),
        }
    }

    fn with<P: DeserializeOwned, R: Serialize>(
        &self,
        request: Request,
        answer: fn(&Self, P) -> Result<R, Refused>,
    ) -> Result<serde_json::Value, Refused> {
        let params = serde_json::from_value(request.params).map_err(Refused::params)?;
        value(answer(self, params)?)
    }

    fn initialize(&mut self, request: Request) -> Result<serde_json::Value, Refused> {
        let params: InitializeParams = serde_json::from_value(request.params).map_err(Refused::params)?;
        let offered =
            params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        if offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
            self.encoding = Encoding::Utf8;
        }
        #[allow(deprecated, reason = "clients that know no workspace folders give their root so")]
        let root = params.root_uri.clone();
        let folders = params.workspace_folders.unwrap_or_default();
        self.documents.set_roots(folders.into_iter().map(|folder| folder.uri).chain(root));
        self.phase = Phase::Running;
        let kind = match self.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        };
        value(InitializeResult {
            capabilities: ServerCapabilities {
                position_encoding: Some(kind),
                text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    ..TextDocumentSyncOptions::default()
                })),
                definition_provider: Some(OneOf::Left(true)),
                references_provider: Some(OneOf::Left(true)),
                rename_provider: Some(OneOf::Right(RenameOptions {
                    prepare_provider: Some(true),
                    work_done_progress_options: WorkDoneProgressOptions::default(),
                })),
                hover_provider: Some(HoverProviderCapability::Simple(true)),
                completion_provider: Some(CompletionOptions {
                    trigger_characters: Some(vec![".".to_owned(), ">".to_owned(), "[".to_owned()]),
                    ..CompletionOptions::default()
                }),
                document_symbol_provider: Some(OneOf::Left(true)),
                document_formatting_provider: Some(OneOf::Left(true)),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: "statechart".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    /// What cannot be read, or concerns no open document, is nobody's request: it is passed over.
    fn notification(&mut self, note: Notification) {
        if self.phase != Phase::Running {
            return;
        }
        match note.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(params) = serde_json::from_value::<DidOpenTextDocumentParams>(note.params) {
                    self.documents.open(params.text_document.uri, params.text_document.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(params) = serde_json::from_value::<DidChangeTextDocumentParams>(note.params) {
                    self.documents.change(&params.text_document.uri, params.content_changes, self.encoding);
                }
            }
            "textDocument/didClose" => {
                if let Ok(params) = serde_json::from_value::<DidCloseTextDocumentParams>(note.params) {
                    self.documents.close(&params.text_document.uri);
                }
            }
            // A file on the disk may have changed.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.documents.touch_all(),
            _ => {}
        }
    }
}

fn value(result: impl Serialize) -> Result<serde_json::Value, Refused> {
    serde_json::to_value(result)
        .map_err(|why| Refused { code: ErrorCode::InternalError, why: why.to_string() })
}
