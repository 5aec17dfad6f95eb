//! Requests about a place in a document.

use std::collections::BTreeMap;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionParams, CompletionResponse, DocumentFormattingParams,
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Documentation, GotoDefinitionParams,
    GotoDefinitionResponse, Hover, HoverContents, HoverParams, Location, MarkupContent, MarkupKind, Position,
    PrepareRenameResponse, Range, ReferenceParams, RenameParams, SymbolKind, TextDocumentPositionParams,
    TextEdit, Url, WorkspaceEdit,
};
use statechart_lang::{
    FileId, Span, format,
    ide::{self, Analysis, CompletionKind, Kind, Symbol},
};

use super::{Refused, Server, documents, position::Lines, rename};

/// The file that was asked about is always the analysis's first.
const MAIN: FileId = FileId(0);

impl Server {
    fn analysis(&self, uri: &Url) -> Analysis {
        Analysis::new(&documents::path(uri), &self.documents)
    }

    fn offset(&self, uri: &Url, position: Position) -> u32 {
        let text = self.text(&documents::path(uri));
        Lines::new(&text, self.encoding).offset(position) as u32
    }

    /// Where spans are, as the editor addresses them; each file's text is read once.
    pub(super) fn locations(&self, analysis: &Analysis, spans: &[Span]) -> Vec<Location> {
        let mut texts: BTreeMap<FileId, (Option<Url>, String)> = BTreeMap::new();
        for span in spans {
            texts.entry(span.file).or_insert_with(|| {
                let path = analysis.path(*span);
                (self.documents.uri(path), self.text(path))
            });
        }
        let lines: BTreeMap<FileId, (Option<Url>, Lines<'_>)> = texts
            .iter()
            .map(|(file, (uri, text))| (*file, (uri.clone(), Lines::new(text, self.encoding))))
            .collect();
        let location = |span: &Span| {
            let (uri, lines) = lines.get(&span.file)?;
            Some(Location { uri: uri.clone()?, range: lines.range(span.start, span.end) })
        };
        spans.iter().filter_map(location).collect()
    }

    fn range(&self, analysis: &Analysis, span: Span) -> Range {
        let text = self.text(analysis.path(span));
        Lines::new(&text, self.encoding).range(span.start, span.end)
    }

    pub(super) fn definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>, Refused> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let analysis = self.analysis(&text_document.uri);
        let offset = self.offset(&text_document.uri, position);
        let spans: Vec<Span> = match analysis.at(MAIN, offset) {
            Some((_, known)) => known.iter().map(|known| known.span).collect(),
            None => {
                let file = analysis.import_at(MAIN, offset);
                file.map(|file| Span { file, start: 0, end: 0 }).into_iter().collect()
            }
        };
        let locations = self.locations(&analysis, &spans);
        Ok((!locations.is_empty()).then_some(GotoDefinitionResponse::Array(locations)))
    }

    pub(super) fn references(&self, params: ReferenceParams) -> Result<Vec<Location>, Refused> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let analysis = self.analysis(&text_document.uri);
        let offset = self.offset(&text_document.uri, position);
        let Some((_, known)) = analysis.at(MAIN, offset) else { return Ok(Vec::new()) };
        let keys: Vec<(String, u32)> = known.iter().map(|known| analysis.place(known.span)).collect();
        let analyses = rename::concerned(&self.documents, &documents::path(&text_document.uri), &keys);
        let places = rename::places(&self.documents, &analyses, &keys, params.context.include_declaration);
        let mut found = Vec::new();
        for (path, places) in places {
            let text = self.text(&path);
            let lines = Lines::new(&text, self.encoding);
            let Some(uri) = self.documents.uri(&path) else { continue };
            let location = |(start, end)| Location { uri: uri.clone(), range: lines.range(start, end) };
            found.extend(places.into_iter().map(location));
        }
        Ok(found)
    }

    pub(super) fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<PrepareRenameResponse, Refused> {
        let analysis = self.analysis(&params.text_document.uri);
        let offset = self.offset(&params.text_document.uri, params.position);
        let (span, known) = analysis.renamable(MAIN, offset).map_err(Refused::failed)?;
        let placeholder = known.first().map_or_else(String::new, |known| known.name.clone());
        Ok(PrepareRenameResponse::RangeWithPlaceholder { range: self.range(&analysis, span), placeholder })
    }

    pub(super) fn rename(&self, params: RenameParams) -> Result<WorkspaceEdit, Refused> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let path = documents::path(&text_document.uri);
        let offset = self.offset(&text_document.uri, position);
        let (edits, name) =
            rename::rename(&self.documents, &path, offset, &params.new_name).map_err(Refused::failed)?;
        let mut changes = std::collections::HashMap::new();
        for (path, places) in edits {
            let text = self.text(&path);
            let lines = Lines::new(&text, self.encoding);
            let Some(uri) = self.documents.uri(&path) else { continue };
            let edit = |(start, end): (u32, u32)| TextEdit {
                range: lines.range(start, end),
                new_text: name.clone(),
            };
            changes.insert(uri, places.into_iter().map(edit).collect());
        }
        Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
    }

    pub(super) fn hover(&self, params: HoverParams) -> Result<Option<Hover>, Refused> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let analysis = self.analysis(&text_document.uri);
        let offset = self.offset(&text_document.uri, position);
        Ok(analysis.hover(MAIN, offset).map(|(span, value)| Hover {
            contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value }),
            range: Some(self.range(&analysis, span)),
        }))
    }

    pub(super) fn completion(&self, params: CompletionParams) -> Result<CompletionResponse, Refused> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let path = documents::path(&text_document.uri);
        let offset = self.offset(&text_document.uri, position);
        let found = ide::completions(&path, &self.documents, offset);
        let item = |(at, found): (usize, ide::Completion)| CompletionItem {
            kind: Some(item_kind(found.kind)),
            detail: Some(found.detail),
            documentation: (!found.doc.is_empty()).then_some(Documentation::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: found.doc,
            })),
            insert_text: (found.insert != found.label).then_some(found.insert),
            // The order in which they are found: the nearest first.
            sort_text: Some(format!("{at:05}")),
            label: found.label,
            ..CompletionItem::default()
        };
        Ok(CompletionResponse::Array(found.into_iter().enumerate().map(item).collect()))
    }

    pub(super) fn symbols(&self, params: DocumentSymbolParams) -> Result<DocumentSymbolResponse, Refused> {
        let analysis = self.analysis(&params.text_document.uri);
        let text = self.text(&documents::path(&params.text_document.uri));
        let lines = Lines::new(&text, self.encoding);
        let symbols = analysis.symbols(MAIN).into_iter().map(|known| symbol(known, &lines)).collect();
        Ok(DocumentSymbolResponse::Nested(symbols))
    }

    pub(super) fn formatting(
        &self,
        params: DocumentFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>, Refused> {
        let path = documents::path(&params.text_document.uri);
        let text = self.text(&path);
        // Why a broken file has no layout, its diagnostics say.
        let Ok(new_text) = format::format(&path, &text) else { return Ok(None) };
        if new_text == text {
            return Ok(Some(Vec::new()));
        }
        let range = Lines::new(&text, self.encoding).range(0, text.len() as u32);
        Ok(Some(vec![TextEdit { range, new_text }]))
    }
}

fn symbol(known: Symbol, lines: &Lines<'_>) -> DocumentSymbol {
    #[allow(deprecated, reason = "the field has to be given")]
    DocumentSymbol {
        name: known.name,
        detail: Some(known.detail),
        kind: symbol_kind(known.kind),
        tags: None,
        deprecated: None,
        range: lines.range(known.full.start, known.full.end),
        selection_range: lines.range(known.span.start, known.span.end),
        children: Some(known.children.into_iter().map(|child| symbol(child, lines)).collect()),
    }
}

fn symbol_kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Machine | Kind::Fragment => SymbolKind::CLASS,
        Kind::System => SymbolKind::PACKAGE,
        Kind::Actor | Kind::External | Kind::Peer | Kind::Child => SymbolKind::OBJECT,
        Kind::Event | Kind::Internal | Kind::Output | Kind::Message => SymbolKind::EVENT,
        Kind::Field => SymbolKind::FIELD,
        Kind::Variable | Kind::Parameter | Kind::Argument | Kind::Binding => SymbolKind::VARIABLE,
        Kind::Type => SymbolKind::TYPE_PARAMETER,
        Kind::Guard | Kind::Action | Kind::Service => SymbolKind::FUNCTION,
        Kind::State | Kind::History => SymbolKind::ENUM_MEMBER,
    }
}

fn item_kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
        CompletionKind::BuiltIn => CompletionItemKind::CONSTANT,
        CompletionKind::Name(kind) => match kind {
            Kind::Machine | Kind::Fragment | Kind::System => CompletionItemKind::CLASS,
            Kind::Actor | Kind::External | Kind::Peer | Kind::Child => CompletionItemKind::MODULE,
            Kind::Event | Kind::Internal | Kind::Output | Kind::Message => CompletionItemKind::EVENT,
            Kind::Field => CompletionItemKind::FIELD,
            Kind::Variable | Kind::Parameter | Kind::Argument | Kind::Binding => CompletionItemKind::VARIABLE,
            Kind::Type => CompletionItemKind::TYPE_PARAMETER,
            Kind::Guard | Kind::Action | Kind::Service => CompletionItemKind::FUNCTION,
            Kind::State | Kind::History => CompletionItemKind::ENUM_MEMBER,
        },
    }
}
