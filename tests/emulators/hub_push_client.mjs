// Pushes a folder's files with @huggingface/hub, and reads one back with it.
// Usage: node hub_push_client.mjs HUB_URL FOLDER NODE_MODULES
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [hubUrl, folder, modules] = process.argv.slice(2);
const entry = pathToFileURL(join(modules, "@huggingface/hub/dist/index.mjs"));
const { createRepo, uploadFiles, listCommits, downloadFile } = await import(entry);

const repo = { type: "model", name: "org/adapter" };
const access = { repo, accessToken: "hf_write", hubUrl };
await createRepo({ ...access, private: true });
const files = readdirSync(folder).map((path) => ({
  path,
  content: new Blob([readFileSync(join(folder, path))]),
}));
const made = await uploadFiles({ ...access, files, commitTitle: "from JavaScript", useXet: false });

const newest = (await listCommits(access).next()).value;
if (newest.oid !== made.commit.oid || newest.title !== "from JavaScript") {
  throw new Error(`the newest commit is ${JSON.stringify(newest)}, made was ${made.commit.oid}`);
}
const card = await downloadFile({ ...access, path: "README.md" });
if ((await card.text()) !== readFileSync(join(folder, "README.md"), "utf8")) {
  throw new Error("README.md reads back differently");
}
