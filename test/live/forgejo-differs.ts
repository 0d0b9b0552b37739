/**
 * Steps of `fake-agrees-script.ts` that Forgejo 7.0.0 answers otherwise than Gitea 1.25.4, with its status.
 * Nothing of it matters to the coordinator: messages, 307 for 301, hooks with their URL twice, issues dated
 * anew by edits without effect, an unknown state passed over, a check of hook URLs left out, 500 for a
 * dependency on an issue that the caller cannot see.
 */
export const forgejoDiffers: readonly string[] = [
  '401 nobody GET /user ""',
  '403 bot GET /notifications/new ""',
  '403 bot GET /user/orgs ""',
  '201 maria PATCH /repos/acme/orbit/issues/1 {"title":"Uno"}',
  '201 maria PATCH /repos/acme/orbit/issues/1 {"assignees":["maria"]}',
  '200 bot PATCH /repos/acme/orbit/issues/comments/{c1} {"body":"Uno."}',
  '204 maria DELETE /repos/acme/orbit/issues/comments/{c1} ""',
  '422 bot POST /repos/acme/orbit/labels {"name":"bad","color":"#zzz"}',
  '500 bot POST /repos/acme/orbit/issues/1/dependencies {"owner":"acme","repo":"ledger","index":1}',
  '412 maria PATCH /repos/acme/orbit/issues/1 {"state":"closed"}',
  '201 maria PATCH /repos/acme/orbit/issues/1 {"state":"closed"}',
  '201 maria PATCH /repos/acme/orbit/issues/1 {"state":"strange"}',
  '403 bot POST /repos/acme/orbit/issues/1/labels {"labels":["{l1}"]}',
  '201 maria POST /repos/acme/orbit/hooks {"type":"gitea","config":{"url":"http://127.0.0.1:1/x","content_type":"json"}}',
  '201 maria POST /repos/acme/orbit/hooks {"type":"gitea","active":true,"events":["issues"],"config":{"url":"http://127.0.0.1:1/x","content_type":"json"}}',
  '201 maria POST /repos/acme/orbit/hooks {"type":"gitea","config":{"url":"x","content_type":"json"}}',
  '200 maria GET /repos/acme/orbit/hooks?page=1&limit=50 ""',
  '403 bot GET /orgs/acme/hooks ""',
  '423 bot POST /repos/acme/orbit/issues/1/comments {"body":"x"}',
  '423 bot PATCH /repos/acme/orbit/issues/comments/{c2} {"body":"x"}',
  '307 bot GET /repos/acme/orbit ""',
  '307 bot GET /repos/acme/orbit/issues/1 ""',
  '307 bot POST /repos/acme/orbit/issues/1/comments {"body":"x"}',
  '307 bot GET /repos/acme/orbit/issues/1/dependencies?page=1&limit=50 ""',
  '307 bot GET /repos/acme/newname/issues/1 ""',
];
