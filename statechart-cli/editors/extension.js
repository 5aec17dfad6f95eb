// Starts `statechart lsp` and connects the editor to it; everything else is the server's.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const command = vscode.workspace.getConfiguration("statechart").get("command", "statechart");
  client = new LanguageClient(
    "statechart",
    "Statechart",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "statechart" }],
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.sc") },
    },
  );
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `Cannot start \`${command} lsp\`: ${error.message}. Install the statechart command, or set "statechart.command" to its path.`,
    );
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
