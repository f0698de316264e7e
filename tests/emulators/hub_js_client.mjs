// What the official JavaScript client makes of an emulated Hub, as one JSON object. For
// hub_js_client_test.py: node hub_js_client.mjs MODULE HUB_URL CACHE_FOLDER
const [module, hubUrl, cacheDir] = process.argv.slice(2);
const hub = await import(module);
const seen = { files: {} };
for await (const file of hub.listFiles({ repo: "org/tiny", hubUrl, recursive: true })) {
  if (file.type === "file") seen.files[file.path] = file.size;
}
const small = await hub.downloadFile({ repo: "org/tiny", path: "folder/b.txt", hubUrl });
seen.small = await small.text();
const large = await hub.downloadFile({
  repo: "org/tiny", path: "model.safetensors", hubUrl, accessToken: "hf_read",
});
seen.largeSize = (await large.arrayBuffer()).byteLength;
seen.user = (await hub.whoAmI({ hubUrl, accessToken: "hf_write" })).name;
seen.snapshot = await hub.snapshotDownload({ repo: "org/tiny", hubUrl, cacheDir });
try {
  await hub.modelInfo({ name: "org/absent", hubUrl });
} catch (error) {
  seen.absentStatus = error.statusCode;
}
console.log("\n" + JSON.stringify(seen));
