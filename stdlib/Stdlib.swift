/// The Lua modules we ship lie beside this file, in `yuyan/`.
public enum Stdlib {
  /// The folder of the Lua modules below a root such as `../share/yuyan`.
  public static let folderName = "yuyan"
}
