/* External delegates for the tests: one that works and some that fail, chosen with -DKIND_...

   TensorFlow Lite loads a library and calls tflite_plugin_create_delegate. What it hands over are C
   structures. Declared here are their leading fields, which is all that is used; new fields are only
   added behind the old ones. See https://ai.google.dev/edge/litert/performance/implementing_delegate */

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { OK = 0, ERROR = 1, ADD = 0, FLOAT32 = 1 };

typedef struct { int count; int at[]; } Ints;
typedef struct { int type; void *data; Ints *shape; float scale; int zero_point; int allocation; size_t bytes; } Tensor;
typedef struct { Ints *inputs; Ints *outputs; } Node;
typedef struct Context Context;
typedef struct Delegate Delegate;

typedef struct {
  void *(*init)(Context *, const char *, size_t);
  void (*release)(Context *, void *);
  int (*prepare)(Context *, Node *);
  int (*invoke)(Context *, Node *);
  void *profiling;
  int32_t operator;
  const char *name;
  int version;
  void *more[8]; /* zeros for the fields that came later */
} Kernel;

struct Context {
  size_t tensor_count;
  int (*plan)(Context *, Ints **);
  char *tensors;
  void *runtime, *resize, *report, *add;
  int (*node)(Context *, int, Node **, Kernel **);
  int (*replace)(Context *, Kernel, const Ints *, Delegate *);
};

struct Delegate {
  void *data;
  int (*prepare)(Context *, Delegate *);
  void *buffers[3];
  int64_t flags;
  void *more[8];
};

static Delegate the_delegate;

#if defined KIND_ADDS || defined KIND_SUBTRACTS || defined KIND_INVOKE_CRASHES
/* Takes the additions of 32-bit floats and computes them: the sum of two tensors of one shape.
   Two others do it wrongly: one subtracts, one crashes when it is run for the second time. */
#define TENSOR_SIZE 112 /* bytes of a tensor on 64-bit systems */
#ifdef KIND_SUBTRACTS
#define SIGN -
#else
#define SIGN
#endif

static Tensor *tensor(Context *context, int index) { return (Tensor *)(context->tensors + index * TENSOR_SIZE); }

static void *init(Context *context, const char *buffer, size_t length) { return NULL; }
static void release(Context *context, void *state) {}
static int prepare_kernel(Context *context, Node *node) { return OK; }

static int invoke(Context *context, Node *node) {
  Tensor *first = tensor(context, node->inputs->at[0]), *second = tensor(context, node->inputs->at[1]);
  Tensor *sum = tensor(context, node->outputs->at[0]);
#ifdef KIND_INVOKE_CRASHES
  static int runs;
  if (runs++) raise(SIGSEGV);
#endif
  if (first->bytes != sum->bytes || second->bytes != sum->bytes || sum->type != FLOAT32) return ERROR;
  for (size_t i = 0; i < sum->bytes / sizeof(float); i++)
    ((float *)sum->data)[i] = ((float *)first->data)[i] + SIGN ((float *)second->data)[i];
  return OK;
}

static int prepare(Context *context, Delegate *delegate) {
  Ints *plan;
  if (context->plan(context, &plan)) return ERROR;
  Ints *mine = malloc(sizeof(int) * (plan->count + 1));
  mine->count = 0;
  for (int i = 0; i < plan->count; i++) {
    Node *node;
    Kernel *kernel;
    if (context->node(context, plan->at[i], &node, &kernel)) return ERROR;
    if (kernel->operator == ADD && tensor(context, node->outputs->at[0])->type == FLOAT32)
      mine->at[mine->count++] = plan->at[i];
  }
  Kernel kernel = {init, release, prepare_kernel, invoke};
  kernel.operator = 51; /* DELEGATE */
  kernel.name = "Additions";
  kernel.version = 1;
  int status = context->replace(context, kernel, mine, delegate);
  free(mine);
  return status;
}
#elif defined KIND_PREPARE_FAILS
static int prepare(Context *context, Delegate *delegate) { return ERROR; }
#elif defined KIND_PREPARE_HANGS
static int prepare(Context *context, Delegate *delegate) { for (;;) pause(); }
#elif defined KIND_PREPARE_CRASHES
static int prepare(Context *context, Delegate *delegate) { raise(SIGSEGV); return OK; }
#else
static int prepare(Context *context, Delegate *delegate) { return OK; } /* takes nothing */
#endif

Delegate *tflite_plugin_create_delegate(const char *const *keys, const char *const *values, size_t count,
                                        void (*report)(const char *)) {
#ifdef KIND_CREATE_FAILS
  if (report) report("the accelerator\nis not plugged in");
  return NULL;
#endif
#ifdef KIND_CREATE_CRASHES
  raise(SIGSEGV);
#endif
#ifdef KIND_CREATE_EXITS
  exit(0);
#endif
  the_delegate.prepare = prepare;
  return &the_delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) {}
