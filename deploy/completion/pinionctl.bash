# SPDX-License-Identifier: Apache-2.0
# Bash completion for pinionctl: pinionctl itself knows what fits, live names included.
_pinionctl() {
	local line=${COMP_LINE:0:COMP_POINT} words begun candidate
	# Words as the shell splits them at blanks: COMP_WORDS would break addresses at their colons.
	read -ra words <<<"$line"
	[[ $line == *[[:blank:]] ]] && words+=("")
	begun=${words[-1]}

	# Bash replaces only what follows the last of its word breaks.
	local kept=""
	if [[ $begun == *[:=]* ]]; then
		kept=${begun%"${begun##*[:=]}"}
	fi
	COMPREPLY=()
	while IFS= read -r candidate; do
		COMPREPLY+=("${candidate#"$kept"}")
	done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _pinionctl pinionctl
