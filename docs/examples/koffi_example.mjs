// From Node, through koffi (npm install koffi): the C interface, without an add-on of one's own.
//
//     node koffi_example.mjs libfflag.so production.ffs
import koffi from 'koffi';

const [library, snapshot] = process.argv.slice(2);
const lib = koffi.load(library);
koffi.opaque('fflag_store');
koffi.opaque('fflag_view');
const contextSize = 8 * (2 + 3 + 128 * 3); // struct fflag_context; its fields are private

const open = lib.func('int fflag_open(_Out_ fflag_store **store, const char *path, void *options)');
const errorText = lib.func('const char *fflag_error_text(int error)');
const flag = lib.func('uint32_t fflag_flag(fflag_store *store, const char *name)');
const attribute = lib.func('uint32_t fflag_attribute(fflag_store *store, const char *name)');
const acquire = lib.func('fflag_view *fflag_acquire(fflag_store *store)');
const release = lib.func('void fflag_release(fflag_view *view)');
const contextInit = lib.func('void fflag_context_init(void *context)');
const setString = lib.func('int fflag_set_string(void *context, uint32_t attr, const uint8_t *value, size_t length)');
const string = lib.func('const char *fflag_string(fflag_view *view, uint32_t flag, void *context, const char *fallback, void *length)');
const bool = lib.func('bool fflag_bool(fflag_view *view, uint32_t flag, void *context, bool fallback)');
const close = lib.func('void fflag_close(fflag_store *store)');

const out = [null];
const error = open(out, snapshot, null);
if (error) {
  console.error('cannot open the snapshot: ' + errorText(error));
  process.exit(1);
}
const store = out[0];
const greeting = flag(store, 'greeting');
const shutdown = flag(store, 'shutdown');
const plan = attribute(store, 'plan');

// A context borrows its texts: both buffers stay alive as long as it is used.
const premium = Buffer.from('premium');
const who = Buffer.alloc(contextSize);
contextInit(who);
setString(who, plan, premium, premium.length);

const timer = setInterval(() => {
  const view = acquire(store);
  console.log('node: ' + string(view, greeting, who, 'hi', null));
  const stop = bool(view, shutdown, who, false);
  release(view);
  if (stop) {
    clearInterval(timer);
    close(store);
  }
}, 20);
