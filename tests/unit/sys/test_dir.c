/* SPDX-License-Identifier: Apache-2.0 */
/* sys/file.h, folders, the lock and zone files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/fault.h"
#include "sys/file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[4096];
static char path[4200];

static int make_root(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) buf = APL_BUF(sizeof root - 1);
    assert_int_equal(apl_dir_temp("aplomb-test", &buf, NULL), APL_OK);
    memcpy(root, buf.ptr, buf.len + 1);
    return 0;
}

static int drop_root(void **state)
{
    (void)state;
    for (int op = 0; op < APL_SYS_OP_COUNT; op++)
        (void)apl_sys_fail_at((apl_sys_op)op, 0, 0);
    return apl_dir_remove(root, NULL) != APL_OK || apl_file_exists(root);
}

static const char *in_root(const char *name)
{
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void makes_parents_with_mode(void **state)
{
    (void)state;
    struct stat st;
    mode_t before = umask(0);
    assert_int_equal(apl_dir_make(in_root("a//b/c/"), 0750, NULL), APL_OK);
    (void)umask(before);
    assert_int_equal(stat(in_root("a/b/c"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    assert_int_equal(apl_dir_make(in_root("a/b/c"), 0700, NULL), APL_OK);
    assert_int_equal(stat(in_root("a/b/c"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    assert_int_equal(apl_file_save(in_root("file"), APL_SPAN("x"), 0600, NULL), APL_OK);
    assert_int_equal(apl_dir_make(in_root("file"), 0700, NULL), APL_E_INVALID);
    assert_int_equal(apl_dir_make(in_root("file/x"), 0700, NULL), APL_E_INVALID);
    assert_int_equal(apl_dir_make("", 0700, NULL), APL_E_INVALID);
    assert_true(apl_dir_exists(in_root("a")) && !apl_dir_exists(in_root("file")));
    (void)apl_sys_fail_at(APL_SYS_FSYNC, 1, EIO);
    assert_int_equal(apl_dir_make(in_root("d"), 0700, NULL), APL_E_IO);
}

static void lists_in_byte_order(void **state)
{
    (void)state;
    static const char *const names[] = {".hidden", "B", "a", "a.b", "ab", "\xc3\xa4"};
    for (size_t i = 6; i-- > 0;)
        assert_int_equal(apl_file_save(in_root(names[i]), APL_SPAN(""), 0600, NULL), APL_OK);
    for (size_t n = 1;; n++) {
        APL_AUTO(apl_dir_names) found = {0};
        (void)apl_mem_fail_at(n, 0);
        apl_rc rc = apl_dir_list(root, &found, NULL);
        (void)apl_mem_fail_at(0, 0);
        assert_int_equal(found.count, rc ? 0 : 6);
        for (size_t i = 0; i < found.count; i++)
            assert_string_equal(found.names[i], names[i]);
        if (!rc)
            break;
        assert_int_equal(rc, APL_E_NOMEM);
    }
    apl_dir_names found = {0};
    assert_int_equal(apl_dir_list(in_root("none"), &found, NULL), APL_E_NOT_FOUND);
    assert_int_equal(apl_dir_list(in_root("a"), &found, NULL), APL_E_IO);
}

static void remove_does_not_follow_links(void **state)
{
    (void)state;
    assert_int_equal(apl_dir_make(in_root("keep"), 0700, NULL), APL_OK);
    assert_int_equal(apl_file_save(in_root("keep/file"), APL_SPAN("x"), 0600, NULL), APL_OK);
    assert_int_equal(apl_dir_make(in_root("go/deep/er"), 0700, NULL), APL_OK);
    assert_int_equal(symlink("../keep", in_root("go/link")), 0);
    assert_int_equal(apl_dir_remove(in_root("go"), NULL), APL_OK);
    assert_false(apl_file_exists(in_root("go")));
    assert_true(apl_file_exists(in_root("keep/file")));
    assert_int_equal(symlink("keep", in_root("way")), 0);
    assert_int_not_equal(apl_dir_remove(in_root("way"), NULL), APL_OK);
    assert_true(apl_file_exists(in_root("keep/file")));
    assert_int_equal(apl_dir_remove(in_root("none"), NULL), APL_E_NOT_FOUND);
}

static void free_space_is_known(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    assert_int_equal(apl_disk_free_bytes(root, &bytes, NULL), APL_OK);
    assert_true(bytes > 0);
    assert_int_equal(apl_disk_free_bytes(in_root("none"), &bytes, NULL), APL_E_NOT_FOUND);
}

static void one_handle_holds_the_lock(void **state)
{
    (void)state;
    apl_lock *lock = NULL, *second = NULL;
    apl_err err;
    char pid[32];
    assert_int_equal(apl_lock_owner(root), 0);
    assert_int_equal(apl_lock_take(root, &lock, NULL), APL_OK);
    assert_int_equal(apl_lock_take(root, &second, &err), APL_E_BUSY);
    assert_null(second);
    (void)snprintf(pid, sizeof pid, "process %d", (int)getpid());
    assert_non_null(strstr(err.what, pid));
    assert_string_equal(err.where, root);
    assert_int_equal(apl_lock_owner(root), getpid());
    apl_lock_release(lock);
    assert_int_equal(apl_lock_owner(root), 0);
    assert_int_equal(apl_lock_take(root, &lock, NULL), APL_OK);
    apl_lock_release(lock);
    apl_lock_release(NULL);
    assert_int_equal(apl_lock_take(in_root("none"), &lock, &err), APL_E_NOT_FOUND);
    (void)apl_mem_fail_at(1, 0);
    assert_int_equal(apl_lock_take(root, &lock, &err), APL_E_NOMEM);
    (void)apl_mem_fail_at(0, 0);
    assert_int_equal(apl_lock_owner(root), 0);
}

/* The lock of a process that is killed is free at once, and until then names it. */
static void a_killed_owner_frees_the_lock(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    apl_err err;
    apl_lock *lock = NULL;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        byte = (char)apl_lock_take(root, &lock, NULL);
        (void)!write(ends[1], &byte, 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, APL_OK);
    char pid[32];
    (void)snprintf(pid, sizeof pid, "process %d", (int)child);
    assert_int_equal(apl_lock_take(root, &lock, &err), APL_E_BUSY);
    assert_non_null(strstr(err.what, pid));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(apl_lock_take(root, &lock, &err), APL_OK);
    apl_lock_release(lock);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void zones_stay_in_their_folder(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "/etc/passwd", "../passwd", "Europe/../../passwd",
                                      ".",   "Europe/",     "a b",       "Europe/.x",
                                      "a\nb"};
    APL_AUTO(apl_buf) buf = APL_BUF(64 * 1024);
    apl_err err;
    assert_int_equal(apl_file_save(in_root("Zone"), APL_SPAN("TZif2"), 0600, NULL), APL_OK);
    assert_int_equal(setenv("TZDIR", root, 1), 0);
    assert_int_equal(apl_sys_zone_read("Zone", &buf, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&buf), "TZif2");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(apl_sys_zone_read(bad[i], &buf, &err), APL_E_INVALID);
    assert_int_equal(apl_sys_zone_read("Europe/Atlantis", &buf, &err), APL_E_NOT_FOUND);
    assert_non_null(strstr(err.what, "Europe/Atlantis"));
    assert_int_equal(unsetenv("TZDIR"), 0);
    apl_buf_clear(&buf);
    assert_int_equal(apl_sys_zone_read("America/Argentina/Buenos_Aires", &buf, &err), APL_OK);
    assert_true(apl_span_starts(apl_buf_view(&buf), APL_SPAN("TZif")));
    assert_int_equal(apl_sys_zone_read("Europe", &buf, &err), APL_E_NOT_FOUND);
    assert_int_equal(apl_sys_zone_read("Etc/GMT+5", &buf, &err), APL_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_root, drop_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(makes_parents_with_mode),      CASE(lists_in_byte_order),
        CASE(remove_does_not_follow_links), CASE(free_space_is_known),
        CASE(one_handle_holds_the_lock),    CASE(a_killed_owner_frees_the_lock),
        CASE(zones_stay_in_their_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
