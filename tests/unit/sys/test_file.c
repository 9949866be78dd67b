/* SPDX-License-Identifier: Apache-2.0 */
/* sys/file.h, files: every open, read, write, fsync and rename fails once, and the old content is still whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/fault.h"
#include "sys/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char root[4096];
static char path[4200];
static char other[4200];

static int make_root(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) buf = APL_BUF(sizeof root - 1);
    assert_int_equal(apl_dir_temp("aplomb-test", &buf, NULL), APL_OK);
    memcpy(root, buf.ptr, buf.len + 1);
    (void)snprintf(path, sizeof path, "%s/file", root);
    (void)snprintf(other, sizeof other, "%s/other", root);
    return 0;
}

static int drop_root(void **state)
{
    (void)state;
    for (int op = 0; op < APL_SYS_OP_COUNT; op++)
        (void)apl_sys_fail_at((apl_sys_op)op, 0, 0);
    return apl_dir_remove(root, NULL) != APL_OK;
}

static void assert_content(const char *file, const char *want)
{
    APL_AUTO(apl_buf) buf = APL_BUF(1 << 20);
    assert_int_equal(apl_file_load(file, &buf, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&buf), want);
}

static size_t names_in_root(void)
{
    APL_AUTO(apl_dir_names) names = {0};
    assert_int_equal(apl_dir_list(root, &names, NULL), APL_OK);
    return names.count;
}

static void save_load_append(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(apl_file_save(path, APL_SPAN("one"), 0640, NULL), APL_OK);
    assert_content(path, "one");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(apl_file_save(path, APL_SPAN("two"), 0600, NULL), APL_OK);
    assert_int_equal(apl_file_append(path, APL_SPAN("-three"), 0600, NULL), APL_OK);
    assert_content(path, "two-three");
    assert_int_equal(apl_file_append(other, APL_SPAN("new"), 0600, NULL), APL_OK);
    assert_content(other, "new");
    assert_int_equal(apl_file_copy(path, other, 0600, NULL), APL_OK);
    assert_content(other, "two-three");
    int64_t size = 0;
    assert_int_equal(apl_file_stat_size(path, &size, NULL), APL_OK);
    assert_int_equal(size, 9);
    assert_int_equal(apl_file_stat_size(root, &size, NULL), APL_E_INVALID);
    assert_int_equal(apl_file_rename(path, other, NULL), APL_OK);
    assert_false(apl_file_exists(path));
    assert_int_equal(apl_file_remove(other, NULL), APL_OK);
    assert_int_equal(apl_file_remove(other, NULL), APL_E_NOT_FOUND);
    assert_int_equal(names_in_root(), 0);
}

static void errors_name_the_place(void **state)
{
    (void)state;
    apl_err err;
    apl_file *file = NULL;
    APL_AUTO(apl_buf) buf = APL_BUF(100);
    assert_int_equal(apl_file_load(path, &buf, &err), APL_E_NOT_FOUND);
    assert_string_equal(err.where, path);
    assert_int_equal(apl_file_open(root, &file, &err), APL_E_INVALID);
    assert_null(file);
    (void)snprintf(other, sizeof other, "%s/none/file", root);
    assert_int_equal(apl_file_save(other, APL_SPAN("x"), 0600, &err), APL_E_NOT_FOUND);
    assert_string_equal(err.where, other);
    char long_path[5000];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(apl_file_save(long_path, APL_SPAN("x"), 0600, NULL), APL_E_LIMIT);
}

/* Sizes around the cap and around the growth steps; what was in the buffer stays on failure. */
static void load_has_a_cap(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 99, 100, 4095, 4096, 4097, 70000};
    static char big[70001];
    memset(big, 'x', sizeof big);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(apl_file_save(path, (apl_span){big, sizes[i]}, 0600, NULL), APL_OK);
        APL_AUTO(apl_buf) fits = APL_BUF(sizes[i] + 2);
        assert_int_equal(apl_buf_add_str(&fits, "ab", NULL), APL_OK);
        assert_int_equal(apl_file_load(path, &fits, NULL), APL_OK);
        assert_int_equal(fits.len, sizes[i] + 2);
        assert_int_equal(strlen(apl_buf_str(&fits)), fits.len);
        if (!sizes[i])
            continue;
        APL_AUTO(apl_buf) tight = APL_BUF(sizes[i] + 1);
        assert_int_equal(apl_buf_add_str(&tight, "ab", NULL), APL_OK);
        assert_int_equal(apl_file_load(path, &tight, NULL), APL_E_LIMIT);
        assert_string_equal(apl_buf_str(&tight), "ab");
    }
    /* A file that says size 0 but has content. */
    APL_AUTO(apl_buf) proc = APL_BUF(1 << 20);
    assert_int_equal(apl_file_load("/proc/self/status", &proc, NULL), APL_OK);
    assert_true(proc.len > 100);
}

static void reads_in_parts(void **state)
{
    (void)state;
    assert_int_equal(apl_file_save(path, APL_SPAN("hello world"), 0600, NULL), APL_OK);
    apl_file *file = NULL;
    assert_int_equal(apl_file_open(path, &file, NULL), APL_OK);
    assert_int_equal(apl_file_size_bytes(file), 11);
    char part[4];
    size_t got = 0, sum = 0;
    do {
        assert_int_equal(apl_file_read(file, part, sizeof part, &got, NULL), APL_OK);
        sum += got;
    } while (got);
    assert_int_equal(sum, 11);
    (void)apl_sys_fail_at(APL_SYS_READ, 1, EIO);
    apl_err err;
    assert_int_equal(apl_file_read(file, part, 1, &got, &err), APL_E_IO);
    assert_string_equal(err.where, path);
    apl_file_close(file);
    apl_file_close(NULL);
}

static apl_rc do_save(void)
{
    return apl_file_save(path, APL_SPAN("new"), 0600, NULL);
}

static apl_rc do_copy(void)
{
    return apl_file_copy(other, path, 0600, NULL);
}

static apl_rc do_append(void)
{
    return apl_file_append(path, APL_SPAN("+new"), 0600, NULL);
}

/* Fails each operation of each kind in turn until the deed goes through untouched. Returns how many faults there were. */
static int sweep(apl_rc (*deed)(void), const char *before, const char *after,
                 bool sync_may_show_new)
{
    int faults = 0;
    for (int op = 0; op < APL_SYS_OP_COUNT; op++) {
        for (size_t n = 1;; n++) {
            assert_int_equal(apl_file_save(path, apl_span_of(before), 0600, NULL), APL_OK);
            assert_int_equal(apl_file_save(other, APL_SPAN("new"), 0600, NULL), APL_OK);
            (void)apl_sys_fail_at((apl_sys_op)op, n, ENOSPC);
            apl_rc rc = deed();
            (void)apl_sys_fail_at((apl_sys_op)op, 0, 0);
            assert_int_equal(names_in_root(), 2); /* no sibling is left */
            if (!rc) {
                assert_content(path, after);
                break;
            }
            faults++;
            assert_int_equal(rc, APL_E_FULL);
            APL_AUTO(apl_buf) now = APL_BUF(100);
            assert_int_equal(apl_file_load(path, &now, NULL), APL_OK);
            /* After the rename only the folder's sync is left: the new content may show, but whole. */
            bool new_is_fine = sync_may_show_new && (op == APL_SYS_FSYNC || op == APL_SYS_OPEN) &&
                               n > 1;
            if (strcmp(apl_buf_str(&now), before) != 0)
                assert_true(new_is_fine && strcmp(apl_buf_str(&now), after) == 0);
        }
    }
    return faults;
}

static void every_fault_leaves_old_or_new(void **state)
{
    (void)state;
    assert_int_equal(sweep(do_save, "old", "new", true), 6);
    assert_int_equal(sweep(do_copy, "old", "new", true), 9);
    assert_int_equal(sweep(do_append, "old", "old+new", false), 3);
}

static void failing_memory_is_returned(void **state)
{
    (void)state;
    assert_int_equal(apl_file_save(path, APL_SPAN("content"), 0600, NULL), APL_OK);
    for (size_t n = 1;; n++) {
        APL_AUTO(apl_buf) buf = APL_BUF(100);
        (void)apl_mem_fail_at(n, 0);
        apl_rc rc = apl_file_load(path, &buf, NULL);
        (void)apl_mem_fail_at(0, 0);
        if (!rc) {
            assert_true(n > 2);
            break;
        }
        assert_int_equal(rc, APL_E_NOMEM);
        assert_int_equal(buf.len, 0);
    }
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    apl_err err;
    if (!apl_file_exists("/dev/full"))
        skip();
    assert_int_equal(apl_file_append("/dev/full", APL_SPAN("x"), 0600, &err), APL_E_FULL);
    assert_non_null(strstr(err.fix, "free space"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_root, drop_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(save_load_append),
        CASE(errors_name_the_place),
        CASE(load_has_a_cap),
        CASE(reads_in_parts),
        CASE(every_fault_leaves_old_or_new),
        CASE(failing_memory_is_returned),
        CASE(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
