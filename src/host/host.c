/* What the program needs of the system that Node has no call for, as a Node-API addon (ABI version 8). */
#define NAPI_VERSION 8
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* sendDatagram(address, text): sends text to a Unix datagram socket, without waiting. Gives 0 or errno.
 * An address that begins with @ is abstract (unix(7)). */
static int send_datagram(const char *address, size_t address_length, const char *text, size_t length)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (address_length < 2 || address_length >= sizeof to.sun_path) return ENAMETOOLONG;
    memcpy(to.sun_path, address, address_length);
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
    else address_length++; /* a path ends with a zero, an abstract name does not */
    int socket_descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_descriptor < 0) return errno;
    socklen_t size = offsetof(struct sockaddr_un, sun_path) + address_length;
    ssize_t sent = sendto(socket_descriptor, text, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, size);
    int error = sent < 0 ? errno : 0;
    close(socket_descriptor);
    return error;
}

static napi_value number_of(napi_env env, int number)
{
    napi_value result = NULL;
    napi_create_int32(env, number, &result);
    return result;
}

static napi_value js_send_datagram(napi_env env, napi_callback_info info)
{
    char address[sizeof(struct sockaddr_un)], text[4096]; /* of a longer text the service manager would drop the end too */
    size_t count = 2, address_length = 0, length = 0;
    napi_value arguments[2];
    if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != 2 ||
        napi_get_value_string_utf8(env, arguments[0], address, sizeof address, &address_length) != napi_ok ||
        napi_get_value_string_utf8(env, arguments[1], text, sizeof text, &length) != napi_ok)
        return number_of(env, EINVAL);
    return number_of(env, send_datagram(address, address_length, text, length));
}

/* duplicate(descriptor): another descriptor of the same file, closed in child processes. Gives it, or -errno. */
static napi_value js_duplicate(napi_env env, napi_callback_info info)
{
    size_t count = 1;
    napi_value argument;
    int32_t descriptor;
    if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1 ||
        napi_get_value_int32(env, argument, &descriptor) != napi_ok)
        return number_of(env, -EINVAL);
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    return number_of(env, copy < 0 ? -errno : copy);
}

NAPI_MODULE_INIT()
{
    const napi_property_descriptor functions[] = {
        { "sendDatagram", NULL, js_send_datagram, NULL, NULL, NULL, napi_enumerable, NULL },
        { "duplicate", NULL, js_duplicate, NULL, NULL, NULL, napi_enumerable, NULL },
    };
    napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
    return exports;
}
