// Starts `pgwright server` and hands its answers to the editor.

import { commands, ExtensionContext, window, workspace } from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

async function start(): Promise<void> {
  const configuration = workspace.getConfiguration("pgwright");
  const server: ServerOptions = {
    command: configuration.get<string>("path", "pgwright"),
    args: ["server", ...configuration.get<string[]>("arguments", [])],
  };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "python" },
      { scheme: "file", language: "html" },
      { scheme: "file", language: "django-html" },
    ],
  };
  client = new LanguageClient("pgwright", "pgwright", server, options);
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(`pgwright did not start: ${error}. Is it installed, and does "pgwright.path" name it?`);
  }
}

export async function activate(context: ExtensionContext): Promise<void> {
  const restart = commands.registerCommand("pgwright.restart", async () => {
    await client?.stop();
    await start();
  });
  context.subscriptions.push(restart);
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}
